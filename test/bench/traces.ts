/**
 * What traces cost a manager: processor time of a command and of an allocation, start and memory, in turns on one system, since the
 * machine's speed changes within an hour. `npm run bench:traces -- 5` makes five rounds, each about half a minute; Linux only.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TraceCollector, waitFor } from '@warmbox/testing';
import { LocalSystem, type ManagerProcess } from '@warmbox/testing/harness';
import { machine, Table } from './execute/table.js';
import { anonymousMi, cpuMs } from './usage.js';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..');
const COMMANDS = 400;
const ALLOCATIONS = 200;
const AT_ONCE = 4;
const UNSAMPLED = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

/** Managers by what they do about traces, and what their clients send. */
const WAYS = {
  off: { isOn: false, traceparent: undefined },
  unsampled: { isOn: true, traceparent: UNSAMPLED },
  on: { isOn: true, traceparent: undefined },
} as const;
type Way = keyof typeof WAYS;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function managersOf(
  system: LocalSystem,
  collector: TraceCollector,
  onStart: (way: Way, manager: ManagerProcess) => void = () => undefined,
): Promise<[Way, ManagerProcess][]> {
  const managers: [Way, ManagerProcess][] = [];
  for (const way of Object.keys(WAYS) as Way[]) {
    const environment: Record<string, string> = { LOG_LEVEL: 'warn' };
    if (WAYS[way].isOn) environment.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
    const manager = await system.addManager({ environment });
    onStart(way, manager);
    managers.push([way, manager]);
  }
  return managers;
}

/** Milliseconds of the manager's processor that each of so many requests takes, a few at once. */
async function cost(manager: ManagerProcess, times: number, request: () => Promise<unknown>): Promise<number> {
  const pid = manager.child.process.pid ?? 0;
  const before = cpuMs(pid);
  let left = times;
  const worker = async (): Promise<void> => {
    for (; left > 0; left -= 1) await request();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return (cpuMs(pid) - before) / times;
}

function asker({ client }: ManagerProcess, way: Way) {
  const { traceparent } = WAYS[way];
  const headers = { accept: 'application/json', ...(traceparent === undefined ? {} : { traceparent }) };
  return async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await client.fetch(method, path, { body, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
}

async function commands(rounds: number, collector: TraceCollector, table: Table): Promise<void> {
  const system = await LocalSystem.start({ dist: DIST });
  try {
    const { name } = await system.clients[0]!.create();
    const managers = await managersOf(system, collector, (way, { child }) => {
      const pid = child.process.pid ?? 0;
      table.add('start, CPU ms', way, cpuMs(pid));
      table.add('idle, anonymous MiB', way, anonymousMi(pid));
    });
    for (let round = -1; round < rounds; round += 1) {
      for (const [way, manager] of managers) {
        const ask = asker(manager, way);
        const body = { argv: ['true'] };
        const ms = await cost(manager, COMMANDS, () => ask('POST', `/api/kata/${name}/execute`, body));
        // The first is for the compilers.
        if (round >= 0) table.add('a command, CPU ms', way, ms);
      }
    }
    for (const [way, { child }] of managers) {
      table.add('after that, anonymous MiB', way, anonymousMi(child.process.pid ?? 0));
    }
  } finally {
    await system.stop();
  }
}

async function allocations(rounds: number, collector: TraceCollector, table: Table): Promise<void> {
  const environment = { WARM_POOL_SIZE: '50', MAX_TOTAL_CONTAINERS: '100' };
  const system = await LocalSystem.start({ dist: DIST, environment, cluster: { hollow: { readyAfterMs: 5 } } });
  try {
    const [leader] = system.clients;
    await waitFor('the pool is full', () => leader!.poolStatus(), { state: 'full' }, 60_000);
    const managers = await managersOf(system, collector);
    for (let round = -1; round < rounds; round += 1) {
      for (const [way, manager] of managers) {
        const ask = asker(manager, way);
        const ms = await cost(manager, ALLOCATIONS, async () => {
          const body = { userId: 'bench', waitSeconds: 30 };
          const { name } = (await ask('POST', '/api/kata/allocate', body)) as { name: string };
          await ask('DELETE', `/api/kata/${name}`);
        });
        if (round >= 0) table.add('an allocation and a deletion, CPU ms', way, ms);
      }
    }
  } finally {
    await system.stop();
  }
}

const rounds = Number(process.argv[3] ?? 3);
const table = new Table();
print(machine());
const collector = await TraceCollector.start();
try {
  await commands(rounds, collector, table);
  await allocations(rounds, collector, table);
} finally {
  await collector.stop();
}
for (const line of table.lines) print(line);
print(`${collector.spans.length} spans`);
