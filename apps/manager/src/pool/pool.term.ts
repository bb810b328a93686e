import type { KubeLog, LeaseTerm, PodChange, PodStore } from '@warmbox/kube';
import { Backoff, type Clock, type Timer } from '@warmbox/platform';
import { isEnded, isReady, LABEL, messageOf, nameOf, poolOf, uidOf, wasEverReady, type Pod } from '@warmbox/sandbox';
import type { PodAges } from './pod.age.js';
import { CIRCUITS_ANNOTATION, encodeCircuits, PoolFailures, type Circuits } from './pool.circuit.js';
import { PoolExpectations } from './pool.expectations.js';
import { outcomeOf, reasonOf } from './pool.outcome.js';
import { plan, type Deletion, type Plan } from './pool.plan.js';
import type { PoolPods, PoolTarget } from './pool.pods.js';
import type { LeaderWrite, PoolOptions, PoolWriter } from './pool.ports.js';

/** What it needs of the leader's term. */
export type PoolLease = Pick<LeaseTerm, 'assertLeading' | 'isLeading' | 'publish' | 'signal'>;

export interface PoolTermTools {
  store: Pick<PodStore, 'isCurrent' | 'list'>;
  pods: Pick<PoolPods, 'make' | 'templates'>;
  ages: Pick<PodAges, 'ageOf'>;
  writer: PoolWriter;
  options: PoolOptions;
  clock: Clock;
  log: KubeLog;
  /** Called when a write is over, whatever came of it. */
  onDone: () => void;
}

/** Pauses after creations for which there was no room or no answer, in milliseconds: a quota is recounted some time after a deletion. */
const PAUSE = { initialMs: 250, maxMs: 5_000 };
/** When to look again while the store does not know the present, in milliseconds. */
const STALE_MS = 1_000;
/**
 * The most deletions at once: a pool that is made smaller by thousands must not flood the API server, nor take from all other work
 * of this manager the slots that requests have (64).
 */
const DELETIONS_AT_ONCE = 32;
/**
 * How long a write that is under way when the term ends may still take, in milliseconds: its outcome is better known, and the
 * next leader waits for it.
 */
const LAST_WRITES_MS = 2_000;

/** One term of filling the pools: what this leader did, and what came of it. Nothing of it is needed by the next one but the circuits. */
export class PoolTerm {
  private readonly expectations: PoolExpectations;
  private readonly failures: PoolFailures;
  private readonly backoff = new Backoff(PAUSE);
  private readonly giveUp = new AbortController();
  private readonly underWay = new Set<Promise<void>>();
  private readonly write: LeaderWrite;
  private deletions = 0;
  private pausedUntil = -Infinity;
  private lastWrites: Timer | undefined;

  constructor(
    private readonly term: PoolLease,
    before: Circuits,
    private readonly tools: PoolTermTools,
  ) {
    this.expectations = new PoolExpectations(tools.clock);
    this.failures = new PoolFailures(before, tools.clock);
    this.write = { assertLeading: () => term.assertLeading(), signal: this.giveUp.signal };
    term.signal.addEventListener('abort', this.onEnd);
    if (this.failures.retain(tools.pods.templates)) this.publish();
  }

  /** A change of the store: a pod that becomes Ready closes its pool's circuit. */
  see({ type, pod, previous }: PodChange): void {
    if (type === 'deleted' || poolOf(pod) !== 'warm' || !isReady(pod)) return;
    // One that was Ready before only comes back: that says nothing of new ones.
    if (previous !== undefined && wasEverReady(previous)) return;
    const { [LABEL.runtime]: runtime = '', [LABEL.template]: template } = pod.metadata?.labels ?? {};
    if (template === this.target(runtime)?.template) this.succeeded(runtime);
  }

  /** Makes a plan and begins to carry it out. Returns after how many milliseconds to come again, if nothing happens before. */
  reconcile(): number {
    const { store, options, pods, ages, clock } = this.tools;
    if (!store.isCurrent()) return STALE_MS;
    const all = store.list();
    const { maxTotalContainers, maxConcurrentCreates, podReadyTimeoutSeconds } = options;
    const limits = { maxTotalContainers, maxConcurrentCreates, podReadyTimeoutSeconds, runtimes: pods.templates };
    const expectations = this.expectations.against(all);
    const ageOf = (pod: Pod): number => ages.ageOf(pod);
    const make = (): Plan =>
      plan({ pods: all, circuits: this.failures.circuits, ageOf }, expectations, limits, clock.now());
    let next = make();
    // What fails must hold back the creations of this very plan.
    if (this.learn(next, all)) next = make();
    // The others follow with the plans that are made whenever one is over.
    const room = DELETIONS_AT_ONCE - this.deletions;
    for (const deletion of next.delete.slice(0, Math.max(0, room))) this.begin(this.delete(deletion));
    const pauseMs = this.pausedUntil - clock.monotonic();
    if (pauseMs > 0) return Math.min(pauseMs, next.dueInMs, this.expectations.dueInMs);
    for (const [runtime, count] of next.create) {
      const target = this.target(runtime);
      for (let n = 0; n < count && target !== undefined; n += 1) this.begin(this.create(target));
    }
    return Math.min(next.dueInMs, this.expectations.dueInMs);
  }

  /** Resolves when every write that was begun is over. */
  async settled(): Promise<void> {
    await Promise.all(this.underWay);
    this.term.signal.removeEventListener('abort', this.onEnd);
    this.lastWrites?.cancel();
  }

  private readonly onEnd = (): void => {
    this.lastWrites = this.tools.clock.after(LAST_WRITES_MS, () => this.giveUp.abort(this.term.signal.reason));
  };

  private begin(write: Promise<void>): void {
    const over = write.finally(() => {
      this.underWay.delete(over);
      this.tools.onDone();
    });
    this.underWay.add(over);
  }

  private async create(target: PoolTarget): Promise<void> {
    const { pods, writer, clock, log } = this.tools;
    const pod = pods.make(target);
    const name = nameOf(pod);
    const sentAt = clock.monotonic();
    this.expectations.creating(name, target.name);
    try {
      await writer.create(pod, this.write);
      this.expectations.created(name);
      this.backoff.reset();
    } catch (error) {
      const outcome = outcomeOf(error);
      if (outcome === 'unknown') this.expectations.doubtful(name);
      else this.expectations.settled(name);
      if (outcome === 'limited' || outcome === 'unknown') this.pause();
      if (outcome !== 'refused') return;
      log.warn({ err: error, runtime: target.name }, 'a pod of the pool was refused');
      const present = this.present(target.name);
      if (this.failures.refused(target.name, target.template, sentAt, present, reasonOf(error))) this.publish();
    }
  }

  private async delete({ runtime, pod, cause, makesRoom = false, yieldsTo = '' }: Deletion): Promise<void> {
    const { writer, log } = this.tools;
    const { uid = '', name } = pod.metadata ?? {};
    this.expectations.deleting(uid);
    if (makesRoom) this.expectations.makingRoom(runtime, uid);
    this.expectations.callers.yielding(yieldsTo);
    this.deletions += 1;
    if (cause === 'not_ready') this.expectations.removed(runtime);
    try {
      await writer.delete(pod, { ...this.write, onlyUnchanged: true });
      log.log({ sandbox: name, runtime, cause }, 'a pod of the pool was deleted');
    } catch (error) {
      // Claimed, or written by its kubelet: the store will show it, and the next plan decides anew.
      this.expectations.kept(uid);
      this.expectations.callers.kept(yieldsTo);
      if (outcomeOf(error) === 'unknown') this.pause();
    } finally {
      this.deletions -= 1;
    }
  }

  /** Counts what a plan shows of failure and success. Returns whether a circuit has changed. */
  private learn({ delete: deletions, recovered }: Plan, all: Pod[]): boolean {
    const byRuntime = Map.groupBy(
      deletions.filter(({ isFailure }) => isFailure),
      ({ runtime }) => runtime,
    );
    const failed = [...byRuntime].flatMap(([runtime, failures]) => {
      const present = this.present(runtime, all);
      return failures.map(({ pod }) => this.failed(runtime, pod, present));
    });
    const succeeded = recovered.map((runtime) => this.succeeded(runtime));
    return [...failed, ...succeeded].includes(true);
  }

  private failed(runtime: string, pod: Pod, present: string[]): boolean {
    const { uid = '', name, labels } = pod.metadata ?? {};
    const target = this.target(runtime);
    // A pod of another template says nothing about this one.
    if (target === undefined || labels?.[LABEL.template] !== target.template) return false;
    const how = isEnded(pod) ? 'Ended' : `Not Ready within ${this.tools.options.podReadyTimeoutSeconds} seconds`;
    const reason = [how, messageOf(pod)].filter(Boolean).join(': ');
    if (!this.failures.podFailed(runtime, target.template, uid, present, reason)) return false;
    this.tools.log.warn({ runtime, sandbox: name, reason }, 'pods of the pool fail; trying again later');
    this.publish();
    return true;
  }

  private succeeded(runtime: string): boolean {
    if (!this.failures.succeeded(runtime)) return false;
    this.tools.log.log({ runtime }, 'pods of the pool become ready again');
    this.publish();
    return true;
  }

  private present(runtime: string, all = this.tools.store.list()): string[] {
    return all
      .filter((pod) => pod.metadata?.labels?.[LABEL.runtime] === runtime && poolOf(pod) === 'warm')
      .map((pod) => uidOf(pod));
  }

  private target(runtime: string): PoolTarget | undefined {
    return this.tools.pods.templates.find(({ name }) => name === runtime);
  }

  private pause(): void {
    this.pausedUntil = this.tools.clock.monotonic() + this.backoff.next();
  }

  private publish(): void {
    const circuits = encodeCircuits(this.failures.circuits);
    // If the term ends first, the next leader begins with what was published before.
    this.term.publish({ [CIRCUITS_ANNOTATION]: circuits }).catch(() => undefined);
  }
}
