import { once } from 'node:events';
import { connect } from 'node:net';
import { eachIs, hasSucceeded, orError, waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

describe('a client that shuts its sending side after its request', () => {
  let system: LocalSystem;
  let client: WarmboxClient;

  beforeAll(async () => {
    system = await startLocalSystem({ environment: { WARM_POOL_SIZE: '1', MAX_TOTAL_CONTAINERS: '3' } });
    client = system.clients[0]!;
    await waitFor('a warm sandbox', () => client.poolStatus(), { warm: 1 });
  });
  afterAll(() => system.stop());

  /** All that comes back until the server ends the connection, too. */
  async function ask(path: string, body: object, accept = 'application/json'): Promise<string> {
    const { hostname, port, host } = new URL(client.url);
    const text = JSON.stringify(body);
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${host}`,
      `X-Api-Key: ${system.apiKey}`,
      `Accept: ${accept}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(text)}`,
    ];
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.end(`${head.join('\r\n')}\r\n\r\n${text}`);
    await once(socket, 'end');
    return Buffer.concat(chunks).toString();
  }

  it('gets the sandbox that it is given', async () => {
    const answer = await ask('/api/kata/allocate', { userId: 'ada' });
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const [, name = ''] = /"name":"([^"]+)"/.exec(answer) ?? [];
    expect((await client.get(name)).userId).toBe('ada');
    await client.delete(name);
  });

  it.each([
    ['in one piece', 'application/json', /^HTTP\/1\.1 201 Created\r\n[^]*"isReady":true/],
    ['as a stream', 'text/event-stream', /^HTTP\/1\.1 200 OK\r\n[^]*"eventType":"created"[^]*"eventType":"ready"/],
  ])('gets the sandbox that is created for it: %s', async (_, accept, answer) => {
    // Variables are what no warm one has.
    const got = await ask(
      '/api/kata',
      { environmentVariables: { A: '1' }, resources: { limits: { memoryMi: 300 } } },
      accept,
    );
    expect(got).toMatch(answer);
    const [, name = ''] = /"name":"([^"]+)"/.exec(got) ?? [];
    await client.delete(name);
    await waitFor(
      'it is gone',
      () => client.list(),
      (all) => all.every((sandbox) => sandbox.name !== name),
    );
  });

  it('is told that there is no room where it would have to wait', async () => {
    const { total, limit } = await client.poolStatus();
    for (let count = total; count < limit; count += 1) {
      await client.create({ resources: { limits: { memoryMi: 300 } } });
    }
    const answer = await ask('/api/kata', { resources: { limits: { memoryMi: 300 } }, waitSeconds: 60 });
    expect(answer).toMatch(/^HTTP\/1\.1 429 [^]*"code":"limit_reached"/);
    await client.json('DELETE', '/api/kata');
  });

  it('has left the command that it began', async () => {
    const { name } = await waitFor('room', () => orError(client.create()), hasSucceeded);
    const body = { command: 'sleep 600', disconnectGraceSeconds: 0 };
    expect(await ask(`/api/kata/${name}/execute`, body, 'text/event-stream')).not.toContain('CompletedEvent');
    await waitFor('it has ended', () => client.executions(name), eachIs({ state: 'completed' }));
  });
});
