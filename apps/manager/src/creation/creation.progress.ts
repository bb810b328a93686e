import type { ProblemCode } from '@warmbox/contracts';
import {
  conditionOf,
  EXECUTOR,
  executorAddress,
  isEnded,
  isTerminating,
  messageOf,
  reasonText,
  type Pod,
} from '@warmbox/sandbox';

/** How far a new pod has come. */
export type CreationProgress =
  | { step: 'starting'; message: string }
  /** It has an address: its executor can be asked. */
  | { step: 'dialable'; message: string; address: { host: string; port: number } }
  | { step: 'failed'; code: ProblemCode; message: string };

/** How far a new pod has come, from what Kubernetes says of it; undefined stands for a pod that is gone. */
export function progressOf(pod: Pod | undefined): CreationProgress {
  if (pod === undefined || isTerminating(pod)) {
    return { step: 'failed', code: 'conflict', message: 'The sandbox was deleted before it was ready.' };
  }
  if (isEnded(pod)) {
    const why = messageOf(pod);
    return {
      step: 'failed',
      code: 'executor_unreachable',
      message: `The sandbox ended before it was ready${why ? `: ${why}` : ''}.`,
    };
  }
  const waiting = pod.status?.containerStatuses?.find(({ name }) => name === EXECUTOR)?.state?.waiting;
  const why = waiting?.reason === undefined ? '' : `: ${reasonText(waiting)}`;
  const address = executorAddress(pod);
  if (address !== undefined) {
    const message = `The pod has the address ${address.host}; waiting for its executor${why}.`;
    return { step: 'dialable', address, message };
  }
  if (pod.spec?.nodeName === undefined || pod.spec.nodeName === '') {
    const scheduled = conditionOf(pod, 'PodScheduled');
    const reason =
      scheduled?.status === 'False' ? `: ${reasonText({ reason: scheduled.message ?? scheduled.reason })}` : '';
    return { step: 'starting', message: `The pod waits to be scheduled${reason}.` };
  }
  return { step: 'starting', message: `The pod is scheduled to ${pod.spec.nodeName}${why}.` };
}
