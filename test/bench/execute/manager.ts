import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { executorAddress, executorToken } from '@warmbox/sandbox';
import { LocalSystem } from '@warmbox/testing/harness';
import { quantile } from '../statistics.js';
import { cpuMs, residentMi } from '../usage.js';
import { load } from './shared.cases.js';
import { Client } from './client.js';
import { DIST } from './contenders.js';
import type { Table } from './table.js';

const LATENCIES = 100;
const STALLED = 20;
const STALL_MS = 2_000;
const STREAM = { command: 'head -c 128000000 /dev/zero', bytes: 128e6 };

/** The same commands in the same sandbox, through a manager and by its executor itself, in turns. */
export async function throughManager(rounds: number, table: Table): Promise<void> {
  const system = await LocalSystem.start({ dist: DIST });
  const [manager] = system.managers;
  try {
    if (manager === undefined) throw new Error('there is no manager');
    const { name } = await manager.client.create();
    const connection = await KubeConnection.fromToken(system.cluster.url, system.cluster.token);
    const pod = await new KubeClient(connection).get(PODS, { namespace: 'sandbox-containers', name });
    await connection.close();
    const { host = '', port = 0 } = executorAddress(pod) ?? {};
    const direct = new Client({
      url: `http://${host}:${port}/api/execute`,
      headers: { authorization: `Bearer ${executorToken(pod) ?? ''}` },
    });
    const relayed = new Client({
      url: `${manager.url}/api/kata/${name}/execute`,
      headers: { authorization: `Bearer ${system.apiKey}` },
    });
    const ways = { sandbox: direct, manager: relayed };
    const pid = manager.child.process.pid ?? 0;
    for (let warm = 0; warm < LATENCIES; warm += 1) for (const way of Object.values(ways)) await way.run('true');
    for (let round = 0; round < rounds; round += 1) await oneRound(ways, pid, table);
    await stalled(relayed, pid, table);
    direct.close();
    relayed.close();
  } finally {
    await system.stop();
  }
}

async function oneRound(ways: { sandbox: Client; manager: Client }, pid: number, table: Table): Promise<void> {
  const ends = { sandbox: [] as number[], manager: [] as number[] };
  const firsts = { sandbox: [] as number[], manager: [] as number[] };
  const names = ['sandbox', 'manager'] as const;
  for (let turn = 0; turn < LATENCIES; turn += 1) {
    for (const name of names) {
      const { firstMs, endMs } = await ways[name].run('echo');
      ends[name].push(endMs);
      firsts[name].push(firstMs);
    }
  }
  for (const name of names) {
    table.add('`echo` in a sandbox, p50 ms', name, quantile(ends[name], 0.5));
    table.add('`echo` in a sandbox, p95 ms', name, quantile(ends[name], 0.95));
    table.add('first byte of it, p50 ms', name, quantile(firsts[name], 0.5));
  }
  for (const name of names) {
    const before = cpuMs(pid);
    const { times, seconds } = await load(ways[name], 8);
    table.add('`true` × 8 in a sandbox, runs/s', name, times.length / seconds);
    if (name === 'manager') table.add("a manager's CPU ms a command", name, (cpuMs(pid) - before) / times.length);
  }
  for (const atOnce of [1, 4]) {
    for (const name of names) {
      const begun = performance.now();
      await Promise.all(Array.from({ length: atOnce }, () => ways[name].run(STREAM.command)));
      const seconds = (performance.now() - begun) / 1000;
      table.add(`zeros × ${atOnce} in a sandbox, MB/s`, name, (atOnce * STREAM.bytes) / 1e6 / seconds);
    }
  }
}

/** What a manager's memory grows by for clients that do not read. */
async function stalled(relayed: Client, pid: number, table: Table): Promise<void> {
  const before = residentMi(pid);
  const ends = await Promise.all(Array.from({ length: STALLED }, () => relayed.stall('head -c 1G /dev/zero')));
  await delay(STALL_MS);
  table.add('each stalled reader, resident MiB', 'manager', (residentMi(pid) - before) / STALLED);
  for (const end of ends) end();
}
