/**
 * What a manager needs where there are many sandboxes: memory, processor time while nothing happens, and time to ready.
 * `npm run bench:scale` says what it needs; `--pods 1000` for another number. Linux only.
 */
import { loadavg } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { cpuMs, residentMi } from './usage.js';
import { median } from './statistics.js';
import { runRole, startNodes } from './allocate/roles.js';
import { Stage } from './allocate/stage.js';

const NAMESPACE = 'bench-scale';
/** How long nothing happens, in milliseconds. */
const IDLE_MS = 45_000;
/** After which a start counts as settled: its compiled code is collected and its first list, too. */
const SETTLE_MS = 10_000;
const STARTS = 3;

async function main(): Promise<void> {
  const { values } = parseArgs({ allowPositionals: true, options: { pods: { type: 'string', default: '5000' } } });
  const count = Number(values.pods);
  const stage = await Stage.open(NAMESPACE, {
    ALLOW_LARGE_POOLS: 'true',
    MAX_TOTAL_CONTAINERS: String(count),
    WARM_POOL_SIZE: String(count),
    MAX_CONCURRENT_CREATES: '100',
  });
  const endNodes = await startNodes([{ namespace: NAMESPACE, hollowAfterMs: 100 }]);
  try {
    const begun = performance.now();
    await stage.staff(1);
    await stage.warm(count);
    const seconds = (performance.now() - begun) / 1000;
    print(`${count} pods filled`, `${seconds.toFixed(1)} s, ${(count / seconds).toFixed(0)} a second`);
    await idle(stage, 'the leader that filled them');
    const starts: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      await stage.staff(0);
      const startedAt = performance.now();
      await stage.staff(1);
      starts.push((performance.now() - startedAt) / 1000);
    }
    await stage.warm(count);
    print(
      'start to ready',
      `${median(starts).toFixed(2)} s (bound 5), of ${starts.map((s) => s.toFixed(2)).join(', ')}`,
    );
    await stage.staff(2);
    await idle(stage, 'a leader', 'a follower');
  } finally {
    await stage.close();
    await endNodes();
  }
}

/** Memory and processor time of each manager while nothing happens. */
async function idle(stage: Stage, ...names: string[]): Promise<void> {
  await delay(SETTLE_MS);
  const pids = stage.managers.map(({ child }) => child.process.pid ?? 0);
  const before = pids.map(cpuMs);
  const begun = performance.now();
  await delay(IDLE_MS);
  for (const [index, pid] of pids.entries()) {
    const share = (cpuMs(pid) - (before[index] ?? NaN)) / (performance.now() - begun);
    const used = `${(share * 100).toFixed(2)} % of a core (bound 1)`;
    print(names[index] ?? '', `${residentMi(pid).toFixed(0)} MiB resident (bound 200), ${used}`);
  }
}

function print(what: string, figures: string): void {
  process.stdout.write(`${what.padEnd(30)}${figures}; load average ${(loadavg()[0] ?? NaN).toFixed(1)}\n`);
}

if (!(await runRole())) await main();
