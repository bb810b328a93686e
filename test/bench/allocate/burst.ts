import { Callers } from './callers.js';
import { figuresOf, type Figures } from './figures.js';
import { floorOf } from './floor.js';
import { drive, type Call, type Run } from './load.js';
import type { Stage } from './stage.js';

export const BURST = 30;
const BURSTS = 10;

/** The ways, and by how many managers. */
export const BURST_WAYS = { 'burst floor': 0, 'burst lean': 0, 'burst ours/1': 1, 'burst ours/3': 3 } as const;
export type BurstWay = keyof typeof BURST_WAYS;

/** Bursts of one call by each of 30 clients on a pool of 30, one after the other. */
export async function measureBursts(stage: Stage, name: BurstWay): Promise<Figures> {
  const managers = BURST_WAYS[name];
  await stage.staff(managers);
  const callers = new Callers(stage.urls, stage.apiKey);
  const way = async (): Promise<Call> => {
    if (managers > 0) return callers.allocate();
    const keepsManagedFields = name === 'burst floor';
    return floorOf(stage.connection, stage.namespace, await stage.pods(), { keepsManagedFields });
  };
  const runs: Run[] = [];
  // The first ones open the connections, and show code that has not been run yet.
  for (let burst = -3; burst < BURSTS; burst += 1) {
    await stage.reset();
    await stage.warm(BURST);
    const run = await drive({ clients: BURST, calls: BURST }, await way());
    if (burst >= 0) runs.push(run);
  }
  await callers.close();
  const seconds = runs.reduce((total, run) => total + run.seconds, 0);
  const doubles = runs.reduce((total, run) => total + figuresOf(run).doubles, 0);
  return { ...figuresOf({ attempts: runs.flatMap(({ attempts }) => attempts), seconds }), doubles };
}
