import { lines } from '@warmbox/platform';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from '../e2e/suite.js';

/** Three signs of life that did not come, the head of an answer, and what a busy machine takes. */
const MOST_MS = 75_000;

describe('a sandbox whose executor a command has stopped', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;
  let url: string;
  let since: number;
  let running: Record<'sse' | 'ndjson' | 'json', Promise<{ status: number; text: string; ms: number }>>;

  beforeAll(async () => {
    system = await startLocalSystem({ environment: { WARM_POOL_SIZE: '0' } });
    client = system.clients[0]!;
    ({ name } = await client.create());
    url = `/api/kata/${name}/execute`;
    const execute = async (accept: string): Promise<{ status: number; text: string; ms: number }> => {
      const response = await client.fetch('POST', url, { body: { command: 'sleep 600' }, headers: { accept } });
      const text = await response.text();
      return { status: response.status, text, ms: performance.now() - since };
    };
    since = performance.now();
    running = {
      sse: execute('text/event-stream'),
      ndjson: execute('application/x-ndjson'),
      json: execute('application/json'),
    };
    for (const result of Object.values(running)) result.catch(() => undefined);
    for (let ran = 0; ran < 3;) ran = (await client.executions(name)).length;
    // The executor is the parent of what it starts.
    void client.fetch('POST', url, { body: { command: 'kill -STOP $PPID; sleep 600' } }).catch(() => undefined);
    since = performance.now();
  });
  afterAll(() => system.stop());

  it('leaves no new request without an answer', async () => {
    const response = await client.fetch('GET', `/api/kata/${name}/executions`);
    expect([response.status, await response.json()]).toMatchObject([504, { code: 'executor_timeout' }]);
    expect(performance.now() - since).toBeLessThan(MOST_MS);
  });

  it('ends Server-Sent Events with executor_timeout', async () => {
    const { status, text, ms } = await running.sse;
    expect([status, text]).toEqual([
      200,
      expect.stringMatching(/event: ErrorEvent\ndata: {"code":"executor_timeout".*\n\n$/),
    ]);
    expect(ms).toBeLessThan(MOST_MS);
  });

  it('ends lines of JSON with executor_timeout', async () => {
    const { status, text, ms } = await running.ndjson;
    const all = await Array.fromAsync(lines(new Blob([text]).stream() as unknown as AsyncIterable<Uint8Array>));
    expect([status, JSON.parse(all.at(-1) ?? '')]).toMatchObject([
      200,
      { event: 'ErrorEvent', data: { code: 'executor_timeout' } },
    ]);
    expect(ms).toBeLessThan(MOST_MS);
  });

  it('answers 504 in place of a result', async () => {
    const { status, text, ms } = await running.json;
    expect([status, JSON.parse(text)]).toMatchObject([504, { code: 'executor_timeout' }]);
    expect(ms).toBeLessThan(MOST_MS);
  });

  it('can be deleted', async () => {
    expect(await client.delete(name)).toMatchObject({ success: true });
  });
});
