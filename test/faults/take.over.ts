import { isThere, waitFor } from '@warmbox/testing';
import type { FaultWorld } from './fault.world.js';

export interface TakeOver {
  /** From the end of the old leader to another holder of the lease, in milliseconds. */
  heldAfterMs: number;
  /** And to the first sandbox that the new one made. */
  createdAfterMs: number;
}

/**
 * How long it takes another manager to go on after `previous`, whose end was at `at` on the monotonic clock: a moment ago. The pool gets
 * a sandbox to create, or the new leader would create nothing until a client has taken a sandbox. What the old leader had sent before
 * its end does not count: the new one's first creation is a later version than its lease.
 */
export async function takeOver(world: FaultWorld, previous: string, at: number): Promise<TakeOver> {
  const { leases, history } = world;
  await world.removeWarm();
  const successor = await waitFor('another manager leads', () => leases.successor(previous, at), isThere, 60_000);
  const first = await waitFor(
    'the new leader makes a sandbox',
    () => history.creations.find(({ version, pool }) => pool === 'warm' && version > successor.version),
    isThere,
    60_000,
  );
  return { heldAfterMs: successor.at - at, createdAfterMs: first.at - at };
}
