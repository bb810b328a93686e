import { SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import type { Collection } from '../watch/collection.watch.js';
import { PODS } from '../client/kube.resource.js';
import { trimPod } from './pod.fields.js';

/** Every sandbox's pod, with the fields in use. */
export const SANDBOX_PODS: Collection<Pod> = {
  resource: PODS,
  labelSelector: SANDBOX_SELECTOR,
  trim: trimPod,
  noun: 'pod',
};
