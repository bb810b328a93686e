import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '@warmbox/platform';
import { atLeast, freePort, waitFor } from '@warmbox/testing';
import { Agent } from 'undici';
import { ExecutorProbe } from './executor.probe.js';

describe('the probe of an executor', () => {
  const agent = new Agent();
  const probe = new ExecutorProbe(agent, systemClock);
  let server: Server | undefined;
  afterEach(async () => {
    server?.closeAllConnections();
    await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
    server = undefined;
  });
  afterAll(() => agent.close());

  async function listen(port: number, statusOf: (count: number) => number | undefined): Promise<number> {
    let count = 0;
    server = createServer((_, answer) => {
      count += 1;
      const status = statusOf(count);
      if (status !== undefined) answer.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  it('takes one that waits for its variables for one that answers', async () => {
    const port = await listen(0, (count) => (count === 1 ? 503 : 409));
    const failures: string[] = [];
    await probe.untilHealthy({ host: '127.0.0.1', port }, new AbortController().signal, (why) => failures.push(why));
    expect(failures).toEqual(['The executor answered its health check with 503.']);
  });

  it('goes on through refused connections until the executor listens', async () => {
    const port = await freePort();
    const failures: string[] = [];
    const healthy = probe.untilHealthy({ host: '127.0.0.1', port }, new AbortController().signal, (why) =>
      failures.push(why),
    );
    await waitFor('it was refused', () => failures, { length: atLeast(1) });
    expect(failures[0]).toContain('ECONNREFUSED');
    await listen(port, () => 200);
    await healthy;
  });

  it('goes on through answers that are no 200', async () => {
    const port = await listen(0, (count) => (count < 3 ? 503 : 200));
    const failures: string[] = [];
    await probe.untilHealthy({ host: '127.0.0.1', port }, new AbortController().signal, (why) => failures.push(why));
    expect(failures).toEqual(Array.from({ length: 2 }, () => 'The executor answered its health check with 503.'));
  });

  it('asks again where no answer comes', async () => {
    const port = await listen(0, (count) => (count === 1 ? undefined : 200));
    const failures: string[] = [];
    await probe.untilHealthy({ host: '127.0.0.1', port }, new AbortController().signal, (why) => failures.push(why));
    expect(failures).toEqual(['The executor does not answer yet: no answer.']);
  });

  it('ends with the signal’s reason', async () => {
    const port = await freePort();
    const over = new AbortController();
    const healthy = probe.untilHealthy({ host: '127.0.0.1', port }, over.signal, () => over.abort(new Error('enough')));
    await expect(healthy).rejects.toThrow('enough');
  });
});
