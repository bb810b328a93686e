import type { Clients } from './clients.js';
import type { FaultWorld } from './fault.world.js';
import { report } from './report.js';
import type { TakeOver } from './take.over.js';

/**
 * What must be true after every fault, which becomes a row of the report: the clients have left, the pool is full again and nothing else is there, nobody got what was
 * another's, there were never more pods than may be, no sandbox failed its client, and no manager said that it does not know
 * what it does.
 */
export async function expectAllWell(
  fault: string,
  world: FaultWorld,
  clients: Clients,
  taken: TakeOver[] = [],
): Promise<void> {
  await clients.leave();
  await world.untilFull().finally(() => report(fault, world, clients, taken));
  expect(clients.complaints).toEqual([]);
  expect(world.history.violations()).toEqual([]);
  expect(world.history.knowsAnswers).toBe(true);
  await world.untilTidy();
  expect([...clients.tally.keys()].filter((what) => what.includes(' 500'))).toEqual([]);
  expect(clients.given).toBeGreaterThan(0);
}
