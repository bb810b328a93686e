import {
  KubeApiError,
  KubeUnreachableError,
  silentLog,
  type ListOptions,
  type WatchEvent,
  type WatchOptions,
} from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import type { KubeList, Pod } from '@warmbox/sandbox';
import { atLeast, waitFor } from '@warmbox/testing';
import { PodFeed } from './pod.feed.js';

function pod(name: string, resourceVersion: string): Pod {
  return { metadata: { name, resourceVersion } };
}

type Round = (WatchEvent<Pod> | Error)[];

/** Plays lists and rounds of watches as they were laid out, then keeps the watch open; notes what was asked. */
class FakeClient {
  readonly asked: string[] = [];
  readonly lists: (KubeList<Pod> | Error)[] = [];
  readonly rounds: Round[] = [];

  list<T>(_resource: unknown, _namespace: unknown, query: ListOptions = {}): Promise<KubeList<T>> {
    this.asked.push(query.continue === undefined ? 'list' : `list ${query.continue}`);
    const answer = this.lists.shift();
    if (answer === undefined) throw new Error('No list was laid out.');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as KubeList<T>);
  }

  async *watch<T>(_resource: unknown, _namespace: unknown, query: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    this.asked.push(`watch ${query.resourceVersion ?? 'from anywhere'}`);
    const round = this.rounds.shift();
    if (round === undefined) {
      await new Promise((resolve) => query.signal.addEventListener('abort', resolve));
      return;
    }
    for (const event of round) {
      if (event instanceof Error) throw event;
      yield event as WatchEvent<T>;
    }
  }
}

describe('PodFeed', () => {
  let client: FakeClient;
  let seen: string[];
  let stop: AbortController;

  beforeEach(() => {
    client = new FakeClient();
    seen = [];
    stop = new AbortController();
  });

  async function run(untilAsked: string[]): Promise<void> {
    const sink = {
      replace: (pods: Pod[]) => seen.push(`= ${pods.map(({ metadata }) => metadata?.name ?? '').join(' ')}`),
      changed: ({ metadata }: Pod) => seen.push(`+ ${metadata?.name ?? ''}`),
      deleted: ({ metadata }: Pod) => seen.push(`- ${metadata?.name ?? ''}`),
    };
    const feed = new PodFeed(client, undefined, sink, systemClock, silentLog, () => 0);
    const running = feed.run(stop.signal);
    await waitFor(untilAsked.join(), () => client.asked, { length: atLeast(untilAsked.length) });
    stop.abort();
    await running;
    expect(client.asked).toEqual(untilAsked);
  }

  it('lists page by page, then watches from there and tells what changes', async () => {
    client.lists.push({ metadata: { resourceVersion: '5', continue: 'next' }, items: [pod('a', '1')] });
    client.lists.push({ metadata: { resourceVersion: '5', continue: '' }, items: [pod('b', '2')] });
    client.rounds.push([
      { type: 'MODIFIED', object: pod('a', '6') },
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '8' } } },
      { type: 'DELETED', object: pod('b', '9') },
    ]);
    await run(['list', 'list next', 'watch 5', 'watch 9']);
    expect(seen).toEqual(['= a b', '+ a', '- b']);
  });

  it('goes on from where it was after a broken connection', async () => {
    client.lists.push({ metadata: { resourceVersion: '5' }, items: [] });
    client.rounds.push([
      { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
      new KubeUnreachableError('WATCH', new Error('reset')),
    ]);
    await run(['list', 'watch 5', 'watch 7']);
  });

  it('lists anew when its history is gone', async () => {
    client.lists.push({ metadata: { resourceVersion: '5' }, items: [pod('a', '1')] });
    client.rounds.push([new KubeApiError(410, {}, 'WATCH')]);
    client.lists.push({ metadata: { resourceVersion: '90' }, items: [] });
    await run(['list', 'watch 5', 'list', 'watch 90']);
    expect(seen).toEqual(['= a', '= ']);
  });

  it('does not give up when it cannot list', async () => {
    client.lists.push(new KubeApiError(500, {}, 'LIST'), new KubeApiError(429, {}, 'LIST'));
    client.lists.push({ metadata: { resourceVersion: '5' }, items: [] });
    await run(['list', 'list', 'list', 'watch 5']);
  });
});
