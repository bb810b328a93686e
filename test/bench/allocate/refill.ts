import { PODS } from '@warmbox/kube';
import { request } from 'undici';
import { Callers } from './callers.js';
import { median } from '../statistics.js';
import { drive } from './load.js';
import type { Stage } from './stage.js';

export const POOL = 30;
export const ROOM = 1_000;
const SINGLE = 40;
const MANY = 400;
const WRITES = ['create', 'update', 'patch', 'delete'];
const WRITE_VERBS = ['POST', 'PUT', 'PATCH', 'DELETE'];

/** What an allocation has managers write, and how soon its replacement comes, over three managers. */
export async function measureRefill(stage: Stage): Promise<string[]> {
  await stage.staff(3);
  await stage.warm(POOL);
  const callers = new Callers(stage.urls, stage.apiKey);
  const arrivals = watchArrivals(stage);
  const before = await writesOf(stage, callers);
  const delays: number[] = [];
  for (let call = 0; call < SINGLE; call += 1) {
    await drive({ clients: 1, calls: 1 }, callers.allocate());
    const answeredAt = performance.now();
    delays.push((await arrivals.next()) - answeredAt);
    await stage.warm(POOL);
  }
  const between = await writesOf(stage, callers);
  const { attempts } = await drive({ clients: 16, calls: MANY }, callers.allocate({ waitSeconds: 30 }));
  await stage.warm(POOL);
  const after = await writesOf(stage, callers);
  arrivals.stop();
  await callers.close();
  const many = attempts.filter(({ result }) => result === 'ok').length;
  const each = (key: 'managers' | 'pods'): string => {
    const [single, atOnce] = [(between[key] - before[key]) / SINGLE, (after[key] - between[key]) / many];
    return `${single.toFixed(2)} one by one, ${atOnce.toFixed(2)} with 16 clients`;
  };
  return [
    `writes by managers per allocation, refill included: ${each('managers')} (bound 4)`,
    `writes of pods that the API server counts per allocation: ${each('pods')}, without the nodes' of status and binding`,
    `a replacement is seen after the allocation's answer: median ${median(delays).toFixed(0)} ms, longest ${Math.max(...delays).toFixed(0)} ms (bound 100)`,
  ];
}

/** When pods appear, one after the other, on the monotonic clock in milliseconds. */
function watchArrivals(stage: Stage): { next: () => Promise<number>; stop: () => void } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const unread: number[] = [];
  let wake = (): void => undefined;
  void (async () => {
    const { metadata } = await stage.client.list(PODS, stage.namespace, { limit: 1 });
    const query = { resourceVersion: metadata.resourceVersion, timeoutSeconds: 600, signal };
    for await (const { type } of stage.client.watch(PODS, stage.namespace, query)) {
      if (type !== 'ADDED') continue;
      unread.push(performance.now());
      wake();
    }
  })();
  return {
    next: async () => {
      while (unread.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return unread.shift() ?? NaN;
    },
    stop: () => stopping.abort(),
  };
}

/** How many writes were answered so far: to these managers, whatever of; and to anybody, of pods. */
async function writesOf(stage: Stage, callers: Callers): Promise<{ managers: number; pods: number }> {
  const texts = await callers.metrics();
  const managers = texts.map((text) =>
    countOf(text, 'warmbox_kube_request_seconds_count', ({ verb = '' }) => WRITES.includes(verb)),
  );
  const { headers, requests } = await stage.connection.current();
  const answer = await request(`${stage.connection.server}/metrics`, { dispatcher: requests, headers });
  const isWrite = ({ resource, subresource, verb = '' }: Record<string, string>): boolean =>
    resource === 'pods' && subresource === '' && WRITE_VERBS.includes(verb);
  return {
    managers: managers.reduce((total, count) => total + count, 0),
    pods: countOf(await answer.body.text(), 'apiserver_request_total', isWrite),
  };
}

/** The sum of a metric over all label sets that count. */
function countOf(text: string, metric: string, counts: (labels: Record<string, string>) => boolean): number {
  let total = 0;
  for (const [, labels = '', value] of text.matchAll(new RegExp(`^${metric}{(.*)} (\\S+)$`, 'gm'))) {
    const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', text = '']) => [key, text]);
    if (counts(Object.fromEntries(pairs) as Record<string, string>)) total += Number(value);
  }
  return total;
}
