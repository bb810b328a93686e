import type { Pod } from '@warmbox/sandbox';
import type { ContainerPhase, PodFacts } from '../pod/pod.status.js';

/** What a workload is told, and whom it tells. */
export interface WorkloadControl {
  pod: Pod;
  /** Something is different now; it goes into the pod's status. */
  report: (change: Partial<PodFacts>) => void;
  /** Aborts when the pod shall end: SIGTERM. */
  ending: AbortSignal;
  /** Aborts when its grace is over: SIGKILL. */
  forcing: AbortSignal;
}

/** What a pod does from its start to its end. */
export interface Workload {
  /** Resolves with the container's last state when nothing of it is left, or undefined where the status shall stay as it is. Never rejects. */
  run(control: WorkloadControl): Promise<ContainerPhase | undefined>;
}
