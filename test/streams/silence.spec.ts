import { setTimeout as delay } from 'node:timers/promises';
import { lines } from '@warmbox/platform';
import { readServerSentEvents } from '@warmbox/testing';
import type { LocalSystem } from '@warmbox/testing/harness';
import { startLocalSystem } from '../e2e/suite.js';
import { hasNginx, Nginx } from './nginx.js';

/** How long what is streamed says nothing by itself, in seconds: more than two of the proxy's patience, and than three signs of life. */
const SILENT = 47;
const PATIENCE = 20;

// `npm test` needs nothing but Node; continuous integration sets this, so that it cannot skip without anybody noticing.
const withNginx = hasNginx || process.env.NGINX_REQUIRED === '1' ? describe : describe.skip;

withNginx(`through an nginx that waits ${PATIENCE} s (skipped where nginx is not on the PATH)`, () => {
  let system: LocalSystem;
  let nginx: Nginx;
  /** All at once, since all of them wait. */
  let running: Record<'sse' | 'ndjson' | 'again' | 'json' | 'creation' | 'pool', Promise<Seen>>;

  interface Seen {
    status: number;
    text: string;
    /** The longest time without a byte, in milliseconds. */
    silenceMs: number;
  }

  async function ask(
    path: string,
    init: RequestInit = {},
    base = nginx.url,
    enough?: (text: string) => boolean,
  ): Promise<Seen> {
    const ending = new AbortController();
    const headers = { 'x-api-key': system.apiKey, 'content-type': 'application/json', ...init.headers };
    const response = await fetch(base + path, { ...init, headers, signal: ending.signal });
    let text = '';
    let silenceMs = 0;
    let last = performance.now();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      silenceMs = Math.max(silenceMs, performance.now() - last);
      last = performance.now();
      text += Buffer.from(chunk).toString();
      if (enough?.(text)) break;
    }
    ending.abort();
    return { status: response.status, text, silenceMs };
  }

  beforeAll(async () => {
    system = await startLocalSystem({ environment: { WARM_POOL_SIZE: '0', MAX_TOTAL_CONTAINERS: '2' } });
    const [client] = system.clients;
    nginx = await Nginx.start(client!.url, PATIENCE);
    const [mine, other] = await Promise.all([client!.create(), client!.create()]);
    const execute = (accept: string, base?: string): Promise<Seen> => {
      const body = JSON.stringify({ command: `sleep ${SILENT}; echo done`, events: 'all' });
      return ask(`/api/kata/${mine.name}/execute`, { method: 'POST', headers: { accept }, body }, base);
    };
    const named = await client!.executeStreaming(mine.name, { command: `sleep ${SILENT}; echo done`, detached: true });
    const events = `/api/kata/${mine.name}/executions/${named.executionId}/events`;
    running = {
      sse: execute('text/event-stream'),
      ndjson: execute('application/x-ndjson'),
      again: ask(events, { headers: { accept: 'application/x-ndjson' } }),
      // Not through the proxy, whose patience bounds it: the manager's own with its executor is what is tried.
      json: execute('application/json', client!.url),
      creation: ask('/api/kata', { method: 'POST', body: JSON.stringify({ waitSeconds: 60 }) }),
      pool: ask('/api/kata/pool/events', {}, nginx.url, (text) => (text.match(/^data/gm) ?? []).length > 2),
    };
    // Whoever is asked for last must not find a rejection that nobody has handled.
    for (const result of Object.values(running)) result.catch(() => undefined);
    void delay(SILENT * 1000).then(() => client!.delete(other.name));
  });
  afterAll(async () => {
    await nginx.stop();
    await system.stop();
  });

  async function* once(text: string): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from(text));
  }
  const namesOf = async (text: string): Promise<(string | undefined)[]> =>
    (await Array.fromAsync(readServerSentEvents(once(text)))).map(({ event }) => event);

  it('Server-Sent Events of a silent command come whole', async () => {
    const { status, text, silenceMs } = await running.sse;
    expect([status, await namesOf(text)]).toEqual([200, ['StartedEvent', 'OutputEvent', 'CompletedEvent']]);
    expect(text.match(/^:.*$/gm)).toHaveLength(3);
    expect(silenceMs).toBeLessThan(16_000);
  });

  it.each(['ndjson', 'again'] as const)('lines of JSON of a silent command come whole: %s', async (which) => {
    const { status, text, silenceMs } = await running[which];
    const all = await Array.fromAsync(lines(once(text)));
    const names = all.filter((line) => line !== '').map((line) => (JSON.parse(line) as { event: string }).event);
    expect([status, names]).toEqual([200, ['StartedEvent', 'OutputEvent', 'CompletedEvent']]);
    expect(all.filter((line) => line === '').length).toBeGreaterThanOrEqual(3);
    expect(silenceMs).toBeLessThan(16_000);
  });

  it('the events of a creation that waits at the limit come whole', async () => {
    const { status, text, silenceMs } = await running.creation;
    const events = await Array.fromAsync(readServerSentEvents(once(text)));
    const types = events.map(({ data }) => (JSON.parse(data) as { eventType: string }).eventType);
    expect([status, types[0], types.at(-1)]).toEqual([200, 'queued', 'ready']);
    expect(silenceMs).toBeLessThan(16_000);
  });

  it('the status of a pool that does not change is still followed when it does', async () => {
    const { status, text, silenceMs } = await running.pool;
    expect([status, new Set(await namesOf(text))]).toEqual([200, new Set(['status'])]);
    expect(text.match(/^:.*$/gm)?.length).toBeGreaterThanOrEqual(3);
    expect(silenceMs).toBeLessThan(16_000);
  });

  it('a result in one piece is waited for as long as the command takes, without a proxy', async () => {
    const { status, text } = await running.json;
    expect([status, JSON.parse(text)]).toMatchObject([200, { exitCode: 0, stdout: 'done\n' }]);
  });

  it('nginx has cut nothing', () => {
    expect(nginx.complaints).not.toMatch(/upstream|timed out/);
  });
});
