import type { Resource, WatchEvent, WatchOptions } from '@warmbox/kube';
import type { KubeObject } from '@warmbox/sandbox';
import type { Target } from './target.js';

type Query = Partial<Omit<WatchOptions, 'signal'>>;

/**
 * The events of a watch in the target's namespace, up to the one that satisfies `until`; the watch is then given up.
 *
 * @throws where the watch ends before (after 10 s unless `timeoutSeconds` says otherwise).
 */
export async function eventsUntil<T extends KubeObject>(
  { client, namespace }: Target,
  resource: Resource<T>,
  query: Query,
  until: (event: WatchEvent<T>) => boolean,
): Promise<WatchEvent<T>[]> {
  const giveUp = new AbortController();
  const seen: WatchEvent<T>[] = [];
  for await (const event of client.watch(resource, namespace, {
    timeoutSeconds: 10,
    ...query,
    signal: giveUp.signal,
  })) {
    seen.push(event);
    if (!until(event)) continue;
    giveUp.abort();
    return seen;
  }
  throw new Error(`the watch ended after ${JSON.stringify(seen.map(summaryOf))}`);
}

/** All events of a watch until the server ends it. */
export async function allEvents<T extends KubeObject>(
  { client, namespace }: Target,
  resource: Resource<T>,
  query: Query & { timeoutSeconds: number },
): Promise<WatchEvent<T>[]> {
  const { signal } = new AbortController();
  const seen: WatchEvent<T>[] = [];
  for await (const event of client.watch(resource, namespace, { ...query, signal })) seen.push(event);
  return seen;
}

/** `ADDED a`, for comparing. */
export function summaryOf<T extends KubeObject>({ type, object }: WatchEvent<T>): string {
  return type === 'BOOKMARK' ? type : `${type} ${object.metadata?.name ?? ''}`;
}

export function withoutBookmarks<T extends KubeObject>(events: WatchEvent<T>[]): string[] {
  return events.filter(({ type }) => type !== 'BOOKMARK').map(summaryOf);
}

export const versionOf = ({ object }: WatchEvent<KubeObject>): number => Number(object.metadata?.resourceVersion);
