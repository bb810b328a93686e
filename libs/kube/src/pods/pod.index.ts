import { LABEL, nameOf, poolOf, tenantOf, type Pod, type Pool } from '@warmbox/sandbox';
import { PodGroup } from './pod.group.js';

/** What a list is narrowed to; absent means any. */
export interface PodQuery {
  runtime?: string;
  pool?: Pool;
  tenant?: string;
  owner?: string;
}

const KEYS = {
  runtime: (pod: Pod) => pod.metadata?.labels?.[LABEL.runtime],
  pool: (pod: Pod) => poolOf(pod),
  tenant: (pod: Pod) => tenantOf(pod),
  owner: (pod: Pod) => pod.metadata?.labels?.[LABEL.owner],
} as const;
type Key = keyof typeof KEYS;
const NAMES = Object.keys(KEYS) as Key[];

/** Pods by name, and by what lists ask for. */
export class PodIndex {
  private readonly byName = new Map<string, Pod>();
  private readonly groups: Record<Key, Map<string, PodGroup>> = {
    runtime: new Map(),
    pool: new Map(),
    tenant: new Map(),
    owner: new Map(),
  };

  get size(): number {
    return this.byName.size;
  }

  get(name: string): Pod | undefined {
    return this.byName.get(name);
  }

  values(): Pod[] {
    return [...this.byName.values()];
  }

  set(pod: Pod): void {
    const name = nameOf(pod);
    this.delete(name);
    this.byName.set(name, pod);
    for (const key of NAMES) {
      const value = KEYS[key](pod);
      if (value === undefined) continue;
      const group = this.groups[key].get(value) ?? new PodGroup();
      group.set(name, pod);
      this.groups[key].set(value, group);
    }
  }

  delete(name: string): void {
    const pod = this.byName.get(name);
    if (pod === undefined) return;
    this.byName.delete(name);
    for (const key of NAMES) {
      const value = KEYS[key](pod);
      if (value === undefined) continue;
      const group = this.groups[key].get(value);
      group?.delete(name);
      if (group?.size === 0) this.groups[key].delete(value);
    }
  }

  /** Every pod of the query: the smallest group that it names is searched, not all pods. */
  select(query: PodQuery = {}): Pod[] {
    const group = this.smallest(query);
    return group === undefined ? this.values() : group.values().filter((pod) => isOf(query, pod));
  }

  /** As `select`, one by one from a pod on that is drawn by lot: whoever takes one of the first pays for no others. */
  *draw(query: PodQuery, random: () => number): Generator<Pod, void> {
    const pods = this.smallest(query)?.drawn(random) ?? this.values();
    for (const pod of pods) if (isOf(query, pod)) yield pod;
  }

  /** Of the groups that a query names the one with the fewest pods; undefined where it names none. */
  private smallest(query: PodQuery): PodGroup | undefined {
    const groups = NAMES.flatMap((key) => {
      const value = query[key];
      return value === undefined ? [] : [this.groups[key].get(value) ?? NONE];
    });
    return groups.length === 0 ? undefined : groups.reduce((a, b) => (a.size <= b.size ? a : b));
  }
}

const NONE = new PodGroup();

function isOf(query: PodQuery, pod: Pod): boolean {
  return NAMES.every((key) => query[key] === undefined || KEYS[key](pod) === query[key]);
}
