import { endOf, isTerminating, LABEL, nameOf, poolOf, uidOf, type Pod } from '@warmbox/sandbox';
import { classesOf, lifeOf, notReadySince, type PodClasses } from './pool.classes.js';
import { allowance, untilRetry, type Circuits } from './pool.circuit.js';
import { share, type Demand } from './pool.share.js';
import { yieldTo, type Candidate, type Waiting } from './pool.yield.js';

/** What is known. */
export interface PoolView {
  /** Every pod object of ours, whatever its runtime, pool and state: the limit counts them all. */
  pods: Pod[];
  circuits: Circuits;
  /** A warm pod's age in milliseconds, which no clock that is wrong makes greater than it is. */
  ageOf: (pod: Pod) => number;
}

/** What was done and does not show yet. */
export interface Expectations {
  /** Runtimes of creations that were sent and whose pod the view lacks; one entry each. */
  creations: readonly string[];
  /** Uids of pods whose deletion was sent and that the view shows as they were. */
  deletions: ReadonlySet<string>;
  /** By runtime: how many unready pods were removed within the last minute. */
  removed: ReadonlyMap<string, number>;
  /** Runtimes whose pool gave up a pod to make room, and has created none since. */
  rooms: ReadonlySet<string>;
  /** By uid: callers' sandboxes that no node has room for. */
  callers: ReadonlyMap<string, Waiting>;
}

export interface PlanOptions {
  maxTotalContainers: number;
  maxConcurrentCreates: number;
  podReadyTimeoutSeconds: number;
  runtimes: readonly { name: string; size: number; template: string }[];
}

export type DeletionCause =
  'ended' | 'never_ready' | 'not_ready' | 'obsolete_template' | 'surplus' | 'unknown_runtime' | 'yielded';

export interface Deletion {
  runtime: string;
  pod: Pod;
  cause: DeletionCause;
  /** Whether it says something against the runtime's template. */
  isFailure: boolean;
  /** Whether its slot is meant for a replacement. */
  makesRoom?: boolean;
  /** The uid of a caller's sandbox that it makes room for. */
  yieldsTo?: string;
}

export interface Plan {
  /** How many pods to create, by runtime; only those with any. */
  create: Map<string, number>;
  delete: Deletion[];
  /** Runtimes whose circuit is open although their pool is full. */
  recovered: string[];
  /** Milliseconds after which the plan changes although the view does not; Infinity where nothing is due. */
  dueInMs: number;
}

/** How long a pod that was Ready once may be without it, in milliseconds. */
const UNREADY_MS = 60_000;
/** The part of a pool of which so many may be removed for that in a minute. */
const REMOVED_PART = 4;

/**
 * What has to be done so that every runtime's pool has its size of warm pods.
 *
 * Creations: what is missing, one limit for all (every pod object counts, and so does what was sent), at most so many under way.
 * Where slots are short the neediest pool gets them. Pods of another template are good until a new one is Ready: replacements are
 * made first. Without a free slot they are made one by one: an old pod is deleted, never the last Ready one, and its slot is for
 * the new one. Deletions never touch a pod that is not warm; who carries them out must make sure that it has not been claimed since.
 *
 * @param now wall-clock milliseconds.
 */
export function plan(view: PoolView, expectations: Expectations, options: PlanOptions, now: number): Plan {
  const isGoing = ({ metadata }: Pod): boolean => expectations.deletions.has(metadata?.uid ?? '');
  const warm = Map.groupBy(
    view.pods.filter((pod) => poolOf(pod) === 'warm'),
    (pod) => pod.metadata?.labels?.[LABEL.runtime] ?? '',
  );
  const pools = options.runtimes.map(({ name, size, template }) => {
    const classes = classesOf(
      warm.get(name) ?? [],
      isGoing,
      template,
      options.podReadyTimeoutSeconds * 1000,
      view.ageOf,
    );
    const expected = expectations.creations.filter((runtime) => runtime === name).length;
    const circuit = view.circuits.get(name);
    return { name, size, template, classes, expected, circuit, gaveUp: expectations.rooms.has(name) };
  });
  const slots = options.maxTotalContainers - view.pods.length - expectations.creations.length;
  const yielding = yieldTo(
    view.pods.filter((pod) => expectations.callers.has(uidOf(pod))),
    expectations.callers,
    spares(pools),
  );
  const demands = pools.map((pool) => demandOf(pool, now, yielding.holds));
  const budget = Math.min(slots, options.maxConcurrentCreates - expectations.creations.length);
  const create = new Map([...share(budget, demands)].filter(([, count]) => count > 0));
  const necessary = [
    ...pools.flatMap((pool) => removals(pool, expectations.removed.get(pool.name) ?? 0, options, now)),
    ...(slots === 0 ? makingRoom(pools, demands) : []),
    ...unknownRuntime(warm, options).filter(({ pod }) => !isTerminating(pod) && !isGoing(pod)),
  ];
  // What goes anyway makes room by itself.
  const yielded = yielding.deletions.filter(({ pod }) => !necessary.some((deletion) => deletion.pod === pod));
  const deletions = [
    ...necessary,
    ...yielded.map(({ yieldsTo, ...of }): Deletion => ({ ...of, cause: 'yielded', isFailure: false, yieldsTo })),
  ];
  const recovered = pools.filter((pool) => isTripped(pool) && pool.classes.ready.length >= pool.size);
  return {
    create,
    delete: deletions,
    recovered: recovered.map(({ name }) => name),
    dueInMs: dueIn(pools, options, view.ageOf, now),
  };
}

interface PoolState {
  name: string;
  size: number;
  template: string;
  classes: PodClasses;
  expected: number;
  circuit: ReturnType<Circuits['get']>;
  gaveUp: boolean;
}

/** Ready pods in the order in which they are given up: of the pool that has most, those of another template, then the youngest. */
function spares(pools: PoolState[]): Candidate[] {
  const ofEach = pools.map(({ name, classes: { old, ready } }) =>
    [...byAge(old), ...byAge(ready).reverse()].map((pod) => ({ runtime: name, pod })),
  );
  return ofEach.sort((a, b) => b.length - a.length).flat();
}

function isTripped({ circuit, template }: PoolState): boolean {
  return circuit?.template === template;
}

function demandOf(
  { name, size, template, classes, expected, circuit, gaveUp }: PoolState,
  now: number,
  isHeld: boolean,
): Demand {
  const underWay = classes.creating.length + expected;
  const coming = classes.ready.length + underWay;
  const missing = size - coming - classes.old.length;
  return {
    runtime: name,
    size,
    missing,
    creations: Math.max(0, size - coming),
    // What it gave up for somebody's sandbox is not for itself.
    allowed: isHeld ? 0 : allowance(circuit, template, underWay, now),
    // A pool that is whole again has lost nothing.
    madeRoom: gaveUp && missing > 0,
  };
}

/** Pods of a pool that must go, whatever room there is. */
function removals({ name, size, classes }: PoolState, removed: number, options: PlanOptions, now: number): Deletion[] {
  const because = (cause: DeletionCause, pods: Pod[], isFailure = false): Deletion[] =>
    pods.map((pod) => ({ runtime: name, pod, cause, isFailure }));
  const { ready, old, creating, obsolete, overdue, unready, ended } = classes;
  const young = (pod: Pod): boolean =>
    lifeOf(pod, now) < options.podReadyTimeoutSeconds * 1000 && endOf(pod)?.cause !== 'evicted';
  const isLost = (pod: Pod): boolean => now - notReadySince(pod) >= UNREADY_MS;
  const removable = size === 0 ? Infinity : Math.max(1, Math.floor(size / REMOVED_PART)) - removed;
  const tooMany = Math.max(0, ready.length + old.length - size);
  // What is not Ready yet goes first; of the rest the youngest.
  const surplus = ready.length + creating.length > size ? [...byAge(ready), ...byAge(creating)].slice(size) : [];
  return [
    ...because(
      'ended',
      ended.filter((pod) => !young(pod)),
    ),
    // One that ends soon after its creation says more about the template than about its node, unless that has evicted it.
    ...because('ended', ended.filter(young), true),
    ...because('never_ready', overdue, true),
    ...because('obsolete_template', obsolete),
    ...because('not_ready', byAge(unready.filter(isLost)).slice(0, Math.max(0, removable))),
    ...because('obsolete_template', byAge(old).slice(0, tooMany)),
    ...because('surplus', surplus),
  ];
}

/**
 * With no slot left for replacements: one Ready pod of another template goes, so that a new one can have its slot. Only
 * where nothing is under way, the new template is not known to fail, and another Ready pod remains. No other pool gets that
 * slot, however much it misses. A caller's creation may: then this pool gives up no more until it got one.
 */
function makingRoom(pools: PoolState[], demands: Demand[]): Deletion[] {
  // What a pool has beyond its size goes when its new pods are Ready: those slots come by themselves.
  if (demands.some(({ missing }) => missing < 0)) return [];
  for (const [index, pool] of pools.entries()) {
    const { name, classes, expected } = pool;
    const { ready, old, creating, obsolete, overdue, ended, terminating } = classes;
    const underWay = creating.length + obsolete.length + overdue.length + ended.length + terminating.length + expected;
    if (underWay > 0 || isTripped(pool) || ready.length + old.length < 2) continue;
    const demand = demands[index];
    const [pod] = byAge(old);
    if (demand === undefined || pod === undefined || demand.creations === 0 || demand.madeRoom) continue;
    return [{ runtime: name, pod, cause: 'obsolete_template', isFailure: false, makesRoom: true }];
  }
  return [];
}

/** Warm pods of runtimes that are configured no more. */
function unknownRuntime(warm: ReadonlyMap<string, Pod[]>, { runtimes }: PlanOptions): Deletion[] {
  const known = new Set(runtimes.map(({ name }) => name));
  return [...warm].flatMap(([runtime, pods]) =>
    known.has(runtime)
      ? []
      : pods.map((pod): Deletion => ({ runtime, pod, cause: 'unknown_runtime', isFailure: false })),
  );
}

function dueIn(
  pools: PoolState[],
  { podReadyTimeoutSeconds }: PlanOptions,
  ageOf: PoolView['ageOf'],
  now: number,
): number {
  const times = pools.flatMap(({ classes, circuit, template }) => [
    ...classes.creating.map((pod) => podReadyTimeoutSeconds * 1000 - ageOf(pod)),
    ...classes.unready.map((pod) => notReadySince(pod) + UNREADY_MS - now),
    ...(circuit?.template === template ? [untilRetry(circuit, now)] : []),
  ]);
  // Not by Math.min(…): there may be more of them than a call can have arguments.
  return times.reduce((first, ms) => (ms > 0 && ms < first ? ms : first), Infinity);
}

/** The oldest first; of one second by name, so that a plan is the same each time. */
function byAge(pods: Pod[]): Pod[] {
  // Kubernetes' times have one form, so that their text is in their order.
  const keyed = pods.map((pod) => ({
    pod,
    key: `${pod.metadata?.creationTimestamp ?? ''} ${nameOf(pod)}`,
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ pod }) => pod);
}
