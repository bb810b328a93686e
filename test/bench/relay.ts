/**
 * What the manager's relay costs: the same commands through the manager and by the executor itself, in turns, in one run.
 * Absolute numbers are this machine's, and those of an hour; the ratios are what to compare.
 */
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { KubeClient, KubeConnection, PODS } from '@warmbox/kube';
import { executorAddress, executorToken } from '@warmbox/sandbox';
import { LocalSystem } from '@warmbox/testing/harness';
import { alternate, closeConnections, quantile, run, type Way } from './relay.measure.js';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..');
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Both ways to a fresh sandbox. */
async function waysTo(system: LocalSystem): Promise<[Way, Way]> {
  const [manager] = system.managers;
  if (manager === undefined) throw new Error('there is no manager');
  const { name } = await manager.client.create();
  const connection = await KubeConnection.fromToken(system.cluster.url, system.cluster.token);
  const pod = await new KubeClient(connection).get(PODS, { namespace: 'sandbox-containers', name });
  await connection.close();
  const { host = '', port = 0 } = executorAddress(pod) ?? {};
  return [
    {
      name: 'executor',
      url: `http://${host}:${port}/api/execute`,
      headers: { authorization: `Bearer ${executorToken(pod) ?? ''}` },
    },
    {
      name: 'manager',
      url: `${manager.url}/api/kata/${name}/execute`,
      headers: { authorization: `Bearer ${system.apiKey}` },
    },
  ];
}

async function latency(ways: [Way, Way]): Promise<void> {
  await alternate(ways, 20, (way) => run(way, { command: 'true' }));
  const [direct = [], relayed = []] = await alternate(ways, 100, (way) => run(way, { command: 'echo' }));
  for (const what of ['firstByteMs', 'endMs'] as const) {
    const [a, b] = [direct, relayed].map((timings) => timings.map((timing) => timing[what]));
    const [p50, p95] = [0.5, 0.95].map((share) => [quantile(a ?? [], share), quantile(b ?? [], share)]);
    const [d50 = NaN, r50 = NaN] = p50 ?? [];
    const [d95 = NaN, r95 = NaN] = p95 ?? [];
    print(
      `${what.padEnd(12)} p50 ${d50.toFixed(2)} → ${r50.toFixed(2)} ms (+${(r50 - d50).toFixed(2)}, ×${(r50 / d50).toFixed(2)})   p95 ${d95.toFixed(2)} → ${r95.toFixed(2)} ms`,
    );
  }
}

async function throughput(ways: [Way, Way], atOnce: number): Promise<void> {
  const command = { command: 'head -c 128M /dev/zero', encoding: 'base64' };
  const megabytesPerSecond = async (way: Way): Promise<number> => {
    const startedAt = performance.now();
    const timings = await Promise.all(Array.from({ length: atOnce }, () => run(way, command)));
    return timings.reduce((sum, { bytes }) => sum + bytes, 0) / 1e3 / (performance.now() - startedAt);
  };
  await alternate(ways, 1, megabytesPerSecond);
  const [direct = [], relayed = []] = await alternate(ways, 3, megabytesPerSecond);
  const [d, r] = [quantile(direct, 0.5), quantile(relayed, 0.5)];
  print(
    `${`${atOnce} at once`.padEnd(12)} ${d.toFixed(0)} → ${r.toFixed(0)} MB/s on the wire (×${(r / d).toFixed(2)})`,
  );
}

/** What a manager's memory grows by for clients that do not read. */
async function stalled({ url, headers }: Way, pid: number, clients: number): Promise<void> {
  const before = residentMi(pid);
  const requests = await Promise.all(
    Array.from({ length: clients }, async () => {
      const request = httpRequest(url, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } });
      request.on('error', () => undefined);
      request.end(JSON.stringify({ command: 'head -c 1G /dev/zero', encoding: 'base64' }));
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      answer.pause();
      return request;
    }),
  );
  await delay(3_000);
  const after = residentMi(pid);
  print(
    `stalled      ${clients} clients × 1 GiB: manager ${before.toFixed(0)} → ${after.toFixed(0)} MiB resident (${((after - before) / clients).toFixed(2)} MiB each)`,
  );
  for (const request of requests) request.destroy();
}

function residentMi(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
}

const system = await LocalSystem.start({ dist: DIST });
try {
  const ways = await waysTo(system);
  print('executor → manager');
  await latency(ways);
  // Before anything has filled the heap.
  await stalled(ways[1], system.managers[0]?.child.process.pid ?? 0, 20);
  await throughput(ways, 1);
  await throughput(ways, 4);
} finally {
  await closeConnections();
  await system.stop();
}
