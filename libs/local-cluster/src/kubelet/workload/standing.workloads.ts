import type { Clock } from '@warmbox/platform';
import { aborted } from '../abort.js';
import { backedOff, type Refusal } from '../pod/pod.refusal.js';
import { LOST, terminated } from '../pod/pod.status.js';
import type { Workload } from './workload.js';

/** How long after its first try the kubelet calls a missing image a back-off, in milliseconds. */
const BACK_OFF_MS = 10_000;

/** The address of pods that nobody can reach. */
const HOLLOW_IP = '127.255.255.254';

/** A pod that had ended before this kubelet came: nothing is to be done but to let it be deleted. */
export const endedWorkload: Workload = { run: () => Promise.resolve(undefined) };

/** A pod of a kubelet that ran under this node's name before: its processes are gone. */
export const lostWorkload: Workload = { run: () => Promise.resolve(LOST) };

/** A pod that cannot be started stays Pending, as with any kubelet, until it is deleted. */
export function refusedWorkload(refusal: Refusal, clock: Clock): Workload {
  return {
    async run({ pod, report, ending }) {
      report({ container: refusal });
      const timer = clock.after(BACK_OFF_MS, () => {
        report({ container: backedOff(refusal, pod.spec?.containers[0]?.image ?? '') });
      });
      await aborted(ending);
      timer.cancel();
      return LOST;
    },
  };
}

/** A pod without a process: Running at once, Ready after a delay in milliseconds. */
export function hollowWorkload(readyAfterMs: number, clock: Clock): Workload {
  return {
    async run({ report, ending }) {
      const startedAt = clock.now();
      const running = { podIP: HOLLOW_IP, isPrepared: true, container: { phase: 'running', startedAt } } as const;
      report({ ...running, isReady: readyAfterMs === 0 });
      const timer = clock.after(readyAfterMs, () => report({ isReady: true }));
      await aborted(ending);
      timer.cancel();
      return terminated(143, startedAt, clock.now());
    },
  };
}
