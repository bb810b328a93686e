import { LABEL, poolOf, type Pod, type Pool } from '@warmbox/sandbox';

/** What a list is narrowed to; absent means any. */
export interface PodQuery {
  runtime?: string;
  pool?: Pool;
  owner?: string;
}

const KEYS = {
  runtime: (pod: Pod) => pod.metadata?.labels?.[LABEL.runtime],
  pool: (pod: Pod) => poolOf(pod),
  owner: (pod: Pod) => pod.metadata?.labels?.[LABEL.owner],
} as const;
type Key = keyof typeof KEYS;
const NAMES = Object.keys(KEYS) as Key[];

/** Pods by name, and by what lists ask for. */
export class PodIndex {
  private readonly byName = new Map<string, Pod>();
  private readonly groups: Record<Key, Map<string, Map<string, Pod>>> = {
    runtime: new Map(),
    pool: new Map(),
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
    const name = pod.metadata?.name ?? '';
    this.delete(name);
    this.byName.set(name, pod);
    for (const key of NAMES) {
      const value = KEYS[key](pod);
      if (value === undefined) continue;
      const group = this.groups[key].get(value) ?? new Map<string, Pod>();
      this.groups[key].set(value, group.set(name, pod));
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
    const asked = NAMES.flatMap((key) => {
      const value = query[key];
      return value === undefined ? [] : [{ key, value, group: this.groups[key].get(value) }];
    });
    if (asked.length === 0) return this.values();
    const smallest = asked.reduce((a, b) => ((a.group?.size ?? 0) <= (b.group?.size ?? 0) ? a : b));
    const pods = [...(smallest.group?.values() ?? [])];
    return pods.filter((pod) => asked.every(({ key, value }) => KEYS[key](pod) === value));
  }
}
