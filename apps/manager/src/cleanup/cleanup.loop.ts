import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PodStore, type PodChange } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { isReady, nameOf, uidOf, type Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { Passes } from '../leadership/passes.js';
import { isQuestion, nextStep, type Planned } from './cleanup.plan.js';
import { CleanupSteps } from './cleanup.steps.js';
import { DeadlineHeap } from './deadline.heap.js';
import { WatchedPod } from './watched.pod.js';

/** Replicas see the same deadlines: each acts up to so many milliseconds later, always the same for one process. */
const OFFSET_MS = 250;

/**
 * Has the plan of cleanup carried out: every replica does, from what its store shows and for itself; who comes second finds that
 * the pod has changed or is gone. A question to an executor is broken off when the end of its pod is due.
 */
@Injectable()
export class CleanupLoop implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly deadlines: DeadlineHeap;
  private readonly offsetMs = OFFSET_MS * Math.random();
  /** By uid: those that will ever need something. */
  private readonly watched = new Map<string, WatchedPod>();
  private unsubscribe = (): void => undefined;

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'get' | 'list' | 'subscribe'>,
    private readonly steps: CleanupSteps,
    private readonly options: ManagerOptions,
    passes: Passes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.deadlines = new DeadlineHeap(clock, (uid) => this.due(uid));
    const intervalMs = options.cleanupCheckIntervalMinutes * 60_000;
    passes.everywhere({ name: 'cleanup-resync', intervalMs }, () => this.resync());
  }

  onApplicationBootstrap(): void {
    this.unsubscribe = this.store.subscribe((change) => this.see(change));
    // The first pass may have come before it listened.
    this.resync();
  }

  /** Resolves when nothing is under way any more. */
  async onModuleDestroy(): Promise<void> {
    this.unsubscribe();
    this.deadlines.stop();
    await Promise.all(Array.from(this.watched.values(), (watched) => watched.stop()));
  }

  /** Looks at every pod again, whatever the watch has shown. */
  private resync(): void {
    for (const pod of this.store.list()) this.arm(pod);
  }

  private see({ type, pod }: PodChange): void {
    const uid = uidOf(pod);
    const watched = this.watched.get(uid);
    if (type === 'deleted') {
      this.deadlines.delete(uid);
      // While something is done with it, its end is awaited.
      if (watched?.isBusy === false) this.watched.delete(uid);
      return;
    }
    // The kubelet reaches its executor: whatever probes failed, that is over.
    if (isReady(pod) && watched !== undefined) watched.failedProbes = undefined;
    this.arm(pod);
  }

  /** Sets the deadline of a pod's next step, `soonestMs` from now at the soonest. */
  private arm(pod: Pod, soonestMs = 0): void {
    const uid = uidOf(pod);
    const watched = this.watched.get(uid);
    // A deletion that is being done sets the next deadline when it is over.
    if (watched?.isEnding) return;
    const now = this.clock.now();
    const planned = nextStep(pod, now, this.options, watched);
    if (planned === undefined) {
      this.deadlines.delete(uid);
      return;
    }
    if (watched === undefined) this.watched.set(uid, new WatchedPod(uid, nameOf(pod)));
    this.deadlines.set(uid, Math.max(planned.at + this.offsetMs, now + soonestMs));
  }

  private due(uid: string): void {
    const watched = this.watched.get(uid);
    if (watched === undefined || watched.isEnding) return;
    const pod = this.present(watched);
    if (pod === undefined) return;
    const planned = nextStep(pod, this.clock.now(), this.options, watched);
    if (planned === undefined || planned.at > this.clock.now()) this.arm(pod);
    // When it is over, which is at once, the end of the pod is next.
    else if (watched.isAsked) watched.breakOff();
    else this.begin(watched, planned);
  }

  private begin(watched: WatchedPod, planned: Planned): void {
    watched.begin(
      isQuestion(planned.step),
      (signal) => this.steps.attempt(planned, watched, signal),
      (soonestMs) => {
        const pod = this.present(watched);
        if (pod === undefined) this.watched.delete(watched.uid);
        else this.arm(pod, soonestMs);
      },
    );
    // Meanwhile its end may come due.
    if (watched.isAsked) this.arm(planned.pod);
  }

  private present({ name, uid }: WatchedPod): Pod | undefined {
    const pod = this.store.get(name);
    return pod !== undefined && uidOf(pod) === uid ? pod : undefined;
  }
}
