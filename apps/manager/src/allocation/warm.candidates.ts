import { Inject, Injectable } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import type { Clock, Timer } from '@warmbox/platform';
import { isReady, LABEL, poolOf, uidOf, type Pod } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { RequestQueues } from '../queue/request.queues.js';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { AllocationMetrics } from './allocation.metrics.js';

/** How long a refused pod is left alone where nothing is heard of it, in milliseconds. */
const REFUSED_MS = 2_000;

/** Which warm sandbox is asked for. */
export interface Selection {
  runtime: string;
  /** Only one of this template; without it the current one is preferred. */
  onlyTemplate?: string;
}

/**
 * Which warm pod a caller of this process may try next: one that is Ready and that nobody here is trying, or was refused since it
 * last changed. This only spares vain attempts: what decides is the claim.
 */
@Injectable()
export class WarmCandidates {
  private readonly reserved = new Set<string>();
  private readonly refused = new Map<string, { version: string | undefined; timer: Timer }>();

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent' | 'get' | 'draw' | 'subscribe'>,
    @Inject(SandboxPlanner) private readonly planner: Pick<SandboxPlanner, 'templateOf'>,
    @Inject(RequestQueues) private readonly queues: Pick<RequestQueues, 'serve'>,
    private readonly metrics: AllocationMetrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    store.subscribe(({ pod }) => this.forget(uidOf(pod)));
  }

  /** As `reserve`, for one who has just come: counts whether there was one, unless it is nothing that the pool has. */
  reserveFirst(selection: Selection): Pod | undefined {
    if (!this.isOfPool(selection)) return undefined;
    const candidate = this.reserve(selection);
    const { hits, misses } = this.metrics;
    (candidate === undefined ? misses : hits).inc({ runtime: selection.runtime });
    return candidate;
  }

  /** Reserves a candidate for one caller of this process, who must `release` or `refuse` it; undefined where there is none. */
  reserve(selection: Selection): Pod | undefined {
    const { runtime, onlyTemplate } = selection;
    if (!this.store.isCurrent() || !this.isOfPool(selection)) return undefined;
    const candidate = pickCandidate(
      this.store.draw({ runtime, pool: 'warm' }),
      onlyTemplate ?? this.planner.templateOf(runtime),
      onlyTemplate !== undefined,
      (pod) => this.isTaken(pod),
    );
    if (candidate !== undefined) this.reserved.add(uidOf(candidate));
    return candidate;
  }

  /** Whether the store still shows it as it was reserved: another manager may have got it meanwhile. */
  isStillWarm({ metadata }: Pod): boolean {
    const now = this.store.get(metadata?.name ?? '');
    return now !== undefined && now.metadata?.uid === metadata?.uid && isWarm(now);
  }

  /** Its caller has it, or gives it back. */
  release(pod: Pod): void {
    this.reserved.delete(uidOf(pod));
    this.queues.serve();
  }

  /** Its claim was refused: what the store showed of it is out of date, and a change is most likely on its way. */
  refuse(pod: Pod): void {
    const uid = uidOf(pod);
    this.forget(uid);
    const timer = this.clock.after(REFUSED_MS, () => {
      this.forget(uid);
      this.queues.serve();
    });
    this.refused.set(uid, { version: pod.metadata?.resourceVersion, timer });
    this.reserved.delete(uid);
  }

  /** Whether the pool has what is asked for, if not now: a creation with resources of its own finds none there. */
  private isOfPool({ runtime, onlyTemplate }: Selection): boolean {
    return onlyTemplate === undefined || onlyTemplate === this.planner.templateOf(runtime);
  }

  private isTaken(pod: Pod): boolean {
    const uid = uidOf(pod);
    const refused = this.refused.get(uid);
    return this.reserved.has(uid) || (refused !== undefined && refused.version === pod.metadata?.resourceVersion);
  }

  private forget(uid: string): void {
    this.refused.get(uid)?.timer.cancel();
    this.refused.delete(uid);
  }
}

/**
 * The first pod that is warm, Ready and not taken; of the template where there is one, for the others are to be replaced.
 *
 * @param pods those of the runtime, drawn by lot, so that managers that see the same pods do not all run for one of them.
 * @param onlyTemplate whether it must have that template.
 * @returns undefined where there is none.
 */
export function pickCandidate(
  pods: Iterable<Pod>,
  template: string,
  onlyTemplate: boolean,
  isTaken: (pod: Pod) => boolean,
): Pod | undefined {
  let other: Pod | undefined;
  for (const pod of pods) {
    if (!isWarm(pod) || isTaken(pod)) continue;
    if (pod.metadata?.labels?.[LABEL.template] === template) return pod;
    other ??= pod;
  }
  return onlyTemplate ? undefined : other;
}

/** Nobody's, Ready, and not being deleted. */
function isWarm(pod: Pod): boolean {
  return poolOf(pod) === 'warm' && isReady(pod);
}
