/** What one runtime's pool asks for. */
export interface Demand {
  runtime: string;
  /** Warm sandboxes that it should have. */
  size: number;
  /** How many of them are missing altogether. */
  missing: number;
  /** How many creations it asks for: what is missing, and replacements for what is there. */
  creations: number;
  /** How many it may have at most. */
  allowed: number;
  /** Whether it gave up a pod so that a slot becomes free: the first one is its own. */
  madeRoom: boolean;
}

/**
 * Shares free slots of the limit among pools: one by one, to the one of which the largest part is missing. Replacements come after
 * all that is missing; before all comes the pool that made the room. Of equals the first by name.
 */
export function share(slots: number, demands: Demand[]): Map<string, number> {
  const shares = new Map(demands.map(({ runtime }) => [runtime, 0]));
  const open = demands.map((demand) => ({ ...demand, left: Math.min(demand.creations, demand.allowed) }));
  for (let slot = 0; slot < slots; slot += 1) {
    const next = neediest(open);
    if (next === undefined) break;
    next.left -= 1;
    next.missing -= 1;
    next.creations -= 1;
    next.madeRoom = false;
    shares.set(next.runtime, (shares.get(next.runtime) ?? 0) + 1);
  }
  return shares;
}

/** How urgent a demand is: what is missing of the whole, in (0, 1]; below that, what is to be replaced, in (-1, 0]. */
function urgency({ size, missing, creations }: Pick<Demand, 'size' | 'missing' | 'creations'>): number {
  if (size <= 0) return -1;
  return missing > 0 ? missing / size : creations / size - 1;
}

function neediest<T extends Demand & { left: number }>(demands: T[]): T | undefined {
  let first: T | undefined;
  for (const demand of demands) {
    if (demand.left <= 0) continue;
    const order =
      first === undefined ? 1 : Number(demand.madeRoom) - Number(first.madeRoom) || urgency(demand) - urgency(first);
    if (first === undefined || order > 0 || (order === 0 && demand.runtime < first.runtime)) first = demand;
  }
  return first;
}
