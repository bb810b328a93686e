import { Callers } from './callers.js';
import { cpuMs } from '../usage.js';
import { figuresOf, overRounds, type Figures } from './figures.js';
import { floorOf } from './floor.js';
import { drive, type Call } from './load.js';
import { driveNaive } from './roles.js';
import type { Stage } from './stage.js';
import { headline, line, print } from './table.js';

export const PODS = 1_000;
/** Clients at once, and how many calls they make together. */
const LEVELS = new Map([
  [1, 300],
  [8, 500],
  [30, 600],
  // All pods there are: the last ones are the hardest to find.
  [64, PODS],
]);
/** The way of LIST and PUT takes minutes for what takes the others a second: no call of it is begun after this time. */
const LIST_MS = 5_000;
const WARM_UP = { clients: 64, calls: 600 };

/** The ways to allocate: which, and by how many managers (or processes, where there are none). */
const WAYS = ['floor', 'lean', 'ours/1', 'ours/3', 'list/1', 'list/3'] as const;
type Way = (typeof WAYS)[number];

/** Every way at every number of clients, in turns; the medians of the rounds. */
export async function measureClaims(stage: Stage, rounds: number, only: string[]): Promise<Map<string, Figures>> {
  const results = new Map<string, Figures[]>();
  const note = (name: string, figures: Figures): void => {
    results.set(name, [...(results.get(name) ?? []), figures]);
    print(line(name, figures));
  };
  const ways = WAYS.filter((way) => only.includes(way.split('/')[0] ?? ''));
  for (let round = 0; round < rounds; round += 1) {
    print(headline());
    // The machine's speed drifts: what is first in one round is last in the next.
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      // Minutes a round, for what differs from the others by a factor of hundreds.
      if (round > 0 && way.startsWith('list')) continue;
      await measureWay(stage, way, note);
    }
  }
  return new Map([...results].map(([name, figures]) => [name, overRounds(figures)]));
}

async function measureWay(stage: Stage, way: Way, note: (name: string, figures: Figures) => void): Promise<void> {
  const [kind, count] = way.split('/');
  const managers = kind === 'ours' ? Number(count) : 0;
  await stage.staff(managers);
  const callers = new Callers(stage.urls, stage.apiKey);
  const callOf = async (): Promise<Call> => {
    if (managers > 0) return callers.allocate();
    return floorOf(stage.connection, stage.namespace, await stage.pods(), { keepsManagedFields: way === 'floor' });
  };
  const prepare = async (): Promise<void> => {
    await stage.reset();
    await stage.warm(PODS);
  };
  const pids = stage.managers.map(({ child }) => child.process.pid ?? 0);
  const used = (): number => pids.reduce((total, pid) => total + cpuMs(pid), 0);
  if (kind !== 'list') {
    await prepare();
    await drive(WARM_UP, await callOf());
  }
  for (const [clients, calls] of LEVELS) {
    if (kind === 'list' && clients < Number(count)) continue;
    await prepare();
    const before = used();
    const run =
      kind === 'list'
        ? await driveNaive(Number(count), { namespace: stage.namespace, clients, calls: PODS, forMs: LIST_MS })
        : await drive({ clients, calls }, await callOf());
    const cpu = (used() - before) / run.attempts.length;
    note(`${way} ${clients}`, { ...figuresOf(run, await stage.owners()), cpu });
  }
  await callers.close();
}
