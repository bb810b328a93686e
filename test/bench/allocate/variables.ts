import { executorAddress, executorToken, type Pod } from '@warmbox/sandbox';
import { Client } from 'undici';
import { Callers } from './callers.js';
import { median } from '../statistics.js';
import { drive } from './load.js';
import type { Stage } from './stage.js';

export const EXECUTORS = 8;
const ROUNDS = 10;
const environmentVariables = { GREETING: 'hello' };

/** What variables add to an allocation, against one round trip to an executor: real executors, one client, one manager. */
export async function measureVariables(stage: Stage): Promise<string[]> {
  await stage.staff(1);
  await stage.warm(EXECUTORS);
  const callers = new Callers(stage.urls, stage.apiKey);
  const times = { without: [] as number[], with: [] as number[], trip: [] as number[] };
  for (let round = -1; round < ROUNDS; round += 1) {
    await stage.reset();
    await stage.warm(EXECUTORS);
    const trips: number[] = [];
    for (const pod of await stage.pods()) trips.push(await roundTrip(pod));
    const plain = await drive({ clients: 1, calls: EXECUTORS / 2 }, callers.allocate());
    const bound = await drive({ clients: 1, calls: EXECUTORS / 2 }, callers.allocate({ environmentVariables }));
    const failed = [...plain.attempts, ...bound.attempts].filter(({ result }) => result !== 'ok');
    if (failed.length > 0) throw new Error(`an allocation failed: ${failed[0]?.result}`);
    if (round < 0) continue;
    times.trip.push(...trips);
    times.without.push(...plain.attempts.map(({ ms }) => ms));
    times.with.push(...bound.attempts.map(({ ms }) => ms));
  }
  await callers.close();
  const [without, withThem, trip] = [times.without, times.with, times.trip].map((values) => median(values));
  const added = (withThem ?? NaN) - (without ?? NaN);
  return [
    `with variables: p50 ${withThem?.toFixed(2)} ms, without ${without?.toFixed(2)} ms; they add ${added.toFixed(2)} ms, one round trip to an executor takes ${trip?.toFixed(2)} ms`,
  ];
}

/** One request to an executor that nobody has a connection to, in milliseconds. */
async function roundTrip(pod: Pod): Promise<number> {
  const { host = '', port = 0 } = executorAddress(pod) ?? {};
  const startedAt = performance.now();
  const client = new Client(`http://${host}:${port}`);
  const { statusCode, body } = await client.request({
    method: 'PUT',
    path: '/api/environment',
    headers: { authorization: `Bearer ${executorToken(pod) ?? ''}`, 'content-type': 'application/json' },
    body: JSON.stringify({ environmentVariables }),
  });
  await body.dump();
  const ms = performance.now() - startedAt;
  if (statusCode !== 204) throw new Error(`an executor answered ${statusCode}`);
  await client.close();
  return ms;
}
