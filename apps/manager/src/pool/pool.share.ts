/** What one runtime's pool asks for. */
export interface Claim {
  runtime: string;
  /** Warm sandboxes that it should have. */
  size: number;
  /** How many of them are missing altogether. */
  missing: number;
  /** How many creations it wants: what is missing, and replacements for what is there. */
  wanted: number;
  /** How many it may have at most. */
  allowed: number;
  /** Whether it gave up a pod so that a place becomes free: the first one is its own. */
  madeRoom: boolean;
}

/**
 * Shares places among pools: one by one, to the one of which the largest part is missing. Replacements come after all that
 * is missing; before all comes who made the room. Of equals the first by name.
 */
export function share(places: number, claims: Claim[]): Map<string, number> {
  const given = new Map(claims.map(({ runtime }) => [runtime, 0]));
  const open = claims.map((claim) => ({ ...claim, left: Math.min(claim.wanted, claim.allowed) }));
  for (let place = 0; place < places; place += 1) {
    const next = neediest(open);
    if (next === undefined) break;
    next.left -= 1;
    next.missing -= 1;
    next.wanted -= 1;
    next.madeRoom = false;
    given.set(next.runtime, (given.get(next.runtime) ?? 0) + 1);
  }
  return given;
}

/** How urgent a claim is: what is missing of the whole, in (0, 1]; below that, what is to be replaced, in (-1, 0]. */
function urgency({ size, missing, wanted }: Pick<Claim, 'size' | 'missing' | 'wanted'>): number {
  if (size <= 0) return -1;
  return missing > 0 ? missing / size : wanted / size - 1;
}

function neediest<T extends Claim & { left: number }>(claims: T[]): T | undefined {
  let first: T | undefined;
  for (const claim of claims) {
    if (claim.left <= 0) continue;
    const order =
      first === undefined ? 1 : Number(claim.madeRoom) - Number(first.madeRoom) || urgency(claim) - urgency(first);
    if (first === undefined || order > 0 || (order === 0 && claim.runtime < first.runtime)) first = claim;
  }
  return first;
}
