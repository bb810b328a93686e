import { jest } from '@jest/globals';
import { ExecutorDouble, waitFor } from '@warmbox/testing';
import { ExecutorConnections, type ExecutorEndpoint } from './executor.connections.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

describe('ExecutorConnections', () => {
  let executor: ExecutorDouble;
  let connections: ExecutorConnections;
  const { signal } = new AbortController();
  const endpoint = (uid: string): ExecutorEndpoint => ({ uid, host: '127.0.0.1', port: executor.port });
  const ask = async (uid: string): Promise<number> => {
    const { statusCode, body } = await connections.request(endpoint(uid), { method: 'GET', path: '/healthz', signal });
    await body.dump();
    return statusCode;
  };

  beforeEach(async () => {
    executor = await ExecutorDouble.start();
    executor.on('GET healthz', ({ response }) => response.writeHead(200).end('ok'));
    connections = new ExecutorConnections({ idleMs: 60_000 });
  });
  afterEach(async () => {
    await connections.close();
    await executor.stop();
  });

  it('keeps connections for the next requests to the same pod', async () => {
    for (let count = 0; count < 20; count += 1) expect(await ask('a')).toBe(200);
    // Two, because undici hands a connection back a moment after the end of its answer.
    expect(executor.connections).toBeLessThanOrEqual(2);
  });

  it('never uses a connection to a pod for the next pod at its address', async () => {
    await ask('a');
    await ask('b');
    await ask('a');
    expect(executor.connections).toBe(2);
    expect(connections.size).toBe(2);
  });

  it('does not make a request wait for the end of another', async () => {
    executor.on('GET events', ({ response }) => response.writeHead(200).flushHeaders());
    const streams = await Promise.all(
      Array.from({ length: 300 }, () => connections.request(endpoint('a'), { method: 'GET', path: '/events', signal })),
    );
    expect(await ask('a')).toBe(200);
    for (const { body } of streams) body.on('error', () => undefined).destroy();
    await waitFor('the streams to be gone', () => executor.sockets.size, 1);
  });

  it('forgets a pod whose last connection is closed, and knows it again', async () => {
    await ask('a');
    executor.reset();
    await waitFor('the pod to be forgotten', () => connections.size, 0);
    expect(await ask('a')).toBe(200);
  });

  it('closes idle connections by itself', async () => {
    await connections.close();
    connections = new ExecutorConnections({ idleMs: 20 });
    await ask('a');
    await waitFor('the connection to be closed', () => executor.sockets.size + connections.size, 0);
  });

  it('keeps nothing of a pod that refuses', async () => {
    const gone = await ExecutorDouble.start();
    const { port } = gone;
    await gone.stop();
    const refused = connections.request(
      { uid: 'a', host: '127.0.0.1', port },
      { method: 'GET', path: '/healthz', signal },
    );
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(connections.size).toBe(0);
  });

  it('cuts everything when it is closed', async () => {
    executor.on('GET events', ({ response }) => response.writeHead(200).flushHeaders());
    const { body } = await connections.request(endpoint('a'), { method: 'GET', path: '/events', signal });
    const lost = new Promise((resolve) => body.once('error', resolve));
    await connections.close();
    await lost;
    await waitFor('no connection', () => executor.sockets.size, 0);
  });
});
