import { ANNOTATION, isReady, isTerminating, poolOf, type Pod, type Pool } from '@warmbox/sandbox';

/** What is kept of one pod, also when it is gone. */
interface Life {
  name: string;
  claimIds: Set<string>;
  users: Set<string>;
  pool: Pool;
}

/** A creation, as it was seen. */
export interface Creation {
  /** Its resourceVersion: what was written before has a lower one. */
  version: bigint;
  /** When the watcher was told of it, on the monotonic clock, in milliseconds. */
  at: number;
  pool: Pool;
}

/**
 * What happened to the pods of a namespace, as somebody sees it who watches them and asks no manager, held against what
 * clients were answered. A pod is claimed once and by one user, is never warm again, is not claimed while it terminates, is
 * answered to one client; and there are never more pods than the limit.
 */
export class PodHistory {
  readonly creations: Creation[] = [];
  /** The most pods that there were at a time. */
  peak = 0;
  /** How often moments were missed. */
  gaps = 0;
  private readonly lives = new Map<string, Life>();
  private readonly present = new Map<string, Pod>();
  private readonly answered = new Map<string, string[]>();
  private readonly seen: string[] = [];

  /** @param limit how many pod objects there may be at any moment. */
  constructor(private readonly limit: number) {}

  /** A pod as it was at some moment. Every moment must be told, in order. */
  see(pod: Pod, at: number): void {
    const uid = pod.metadata?.uid ?? '';
    const pool = poolOf(pod);
    const name = pod.metadata?.name ?? '';
    const life = this.lives.get(uid) ?? { name, claimIds: new Set(), users: new Set(), pool };
    if (!this.lives.has(uid)) {
      this.creations.push({ version: BigInt(pod.metadata?.resourceVersion ?? '0'), at, pool });
      this.lives.set(uid, life);
    }
    this.claimed(life, pod);
    if (pool === 'warm' && life.pool !== 'warm') this.seen.push(`${name} went back from ${life.pool} to warm`);
    life.pool = pool;
    this.present.set(uid, pod);
    this.peak = Math.max(this.peak, this.present.size);
    if (this.present.size > this.limit) this.seen.push(`${this.present.size} pods where ${this.limit} may be`);
  }

  /** A pod is gone. */
  gone(pod: Pod): void {
    this.present.delete(pod.metadata?.uid ?? '');
  }

  /** Everything that there is, where moments were missed. */
  replace(pods: Pod[], at: number): void {
    this.gaps += 1;
    const there = new Set(pods.map(({ metadata }) => metadata?.uid ?? ''));
    for (const [uid, pod] of this.present) if (!there.has(uid)) this.gone(pod);
    for (const pod of pods) this.see(pod, at);
  }

  /** A client was told that it has this pod. */
  answer(name: string, user: string): void {
    this.answered.set(name, [...(this.answered.get(name) ?? []), user]);
  }

  get pods(): Pod[] {
    return [...this.present.values()];
  }

  /** How many pods were ever claimed. */
  get claims(): number {
    return [...this.lives.values()].filter(({ claimIds }) => claimIds.size > 0).length;
  }

  /** Whether the watcher has caught up with what clients were told. */
  get knowsAnswers(): boolean {
    const claimed = new Set([...this.lives.values()].filter(({ users }) => users.size > 0).map(({ name }) => name));
    return this.gaps > 0 || [...this.answered.keys()].every((name) => claimed.has(name));
  }

  /** What must never happen and did. */
  violations(): string[] {
    const byName = Map.groupBy(this.lives.values(), ({ name }) => name);
    const answers = [...this.answered].flatMap(([name, users]) => {
      if (users.length > 1) return [`${name} was answered to ${users.join(' and ')}`];
      const owners = (byName.get(name) ?? []).flatMap((life) => [...life.users]);
      // A claim whose pod is gone again may fall into a gap.
      if (owners.includes(users[0] ?? '') || (owners.length === 0 && this.gaps > 0)) return [];
      return [`${name} was answered to ${users.join()}, but is ${owners.join() || 'nobody'}’s`];
    });
    return [...new Set([...this.seen, ...answers])];
  }

  /** Pods that are nobody's use once every client has deleted its own: all but the pool, Ready. */
  orphans(): string[] {
    return this.pods
      .filter((pod) => poolOf(pod) !== 'warm' || !isReady(pod))
      .map((pod) => {
        const state = isTerminating(pod) ? 'terminating' : (pod.status?.phase ?? 'without a phase');
        return `${pod.metadata?.name ?? ''}: ${poolOf(pod)}, ${state}, of ${userOf(pod) ?? 'nobody'}`;
      });
  }

  private claimed(life: Life, pod: Pod): void {
    const claimId = pod.metadata?.annotations?.[ANNOTATION.claimId];
    const user = userOf(pod);
    const before = this.present.get(pod.metadata?.uid ?? '');
    if (claimId !== undefined && !life.claimIds.has(claimId)) {
      if (life.claimIds.size > 0)
        this.seen.push(`${life.name} was claimed by ${[...life.claimIds, claimId].join(' and ')}`);
      if (before !== undefined && isTerminating(before)) this.seen.push(`${life.name} was claimed while it terminated`);
      life.claimIds.add(claimId);
    }
    if (user === undefined || life.users.has(user)) return;
    if (life.users.size > 0) this.seen.push(`${life.name} is ${[...life.users, user].join(' and ')}’s`);
    life.users.add(user);
  }
}

/** Whose it is. */
export function userOf(pod: Pod): string | undefined {
  return pod.metadata?.annotations?.[ANNOTATION.userId];
}
