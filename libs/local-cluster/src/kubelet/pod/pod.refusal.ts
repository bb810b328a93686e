import type { Pod } from '@warmbox/sandbox';
import { LOCAL_IMAGE } from '../kubelet.options.js';
import type { ContainerPhase } from './pod.status.js';

export type Refusal = Extract<ContainerPhase, { phase: 'waiting' }>;

/** Why this kubelet cannot run a pod, as the state that its container waits in; undefined where it can. */
export function refusalOf(pod: Pod): Refusal | undefined {
  const [container, ...further] = pod.spec?.containers ?? [];
  if (container === undefined || further.length > 0 || (pod.spec?.initContainers ?? []).length > 0) {
    return configError('this kubelet runs pods of exactly one container');
  }
  const variable = container.env?.find(({ valueFrom }) => valueFrom !== undefined);
  if (variable !== undefined)
    return configError(`this kubelet gives variables values only, not valueFrom: ${variable.name}`);
  if (container.image === LOCAL_IMAGE) return undefined;
  return {
    phase: 'waiting',
    reason: 'ErrImagePull',
    message: `failed to pull image ${JSON.stringify(container.image ?? '')}: this kubelet has no image but ${LOCAL_IMAGE}`,
  };
}

/** What the container waits in once the kubelet has stopped trying for a while. */
export function backedOff({ reason, message = '' }: Refusal, image: string): Refusal {
  if (reason !== 'ErrImagePull') return { phase: 'waiting', reason, message };
  return {
    phase: 'waiting',
    reason: 'ImagePullBackOff',
    message: `Back-off pulling image ${JSON.stringify(image)}: ErrImagePull: ${message}`,
  };
}

function configError(message: string): Refusal {
  return { phase: 'waiting', reason: 'CreateContainerConfigError', message };
}
