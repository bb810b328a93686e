import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { KubeApiError, KubeClient, KubeConnection, NAMESPACES, PODS, type WatchEvent } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { FakeClock, waitFor } from '@warmbox/testing';
import { ApiServer, type ApiServerOptions } from './api.server.js';

const TOKEN = 'token';
const POD: Pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } };

describe('ApiServer', () => {
  let server: ApiServer;
  let url: string;
  let connection: KubeConnection;
  let client: KubeClient;

  async function start(options: Partial<ApiServerOptions> = {}): Promise<void> {
    server = new ApiServer({ token: TOKEN, ...options });
    ({ url } = await server.start());
    connection = await KubeConnection.fromToken(url, TOKEN);
    client = new KubeClient(connection);
  }
  afterEach(async () => {
    await connection.close();
    await server.stop();
  });

  const pods = '/api/v1/namespaces/default/pods';
  const get = (path: string, authorization?: string): Promise<Response> =>
    fetch(url + path, { headers: authorization === undefined ? {} : { authorization } });

  /** A watch whose answer nobody reads until the test does. */
  async function openWatch(query: string): Promise<{ answer: IncomingMessage; socket: Socket }> {
    const request = httpRequest(`${url}${pods}?watch=true&${query}`, { headers: { authorization: `Bearer ${TOKEN}` } });
    request.end();
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return { answer, socket: answer.socket };
  }

  it('listens on 127.0.0.1 alone', async () => {
    await start();
    expect(new URL(url).hostname).toBe('127.0.0.1');
  });

  it('asks for its token everywhere but at its health and version', async () => {
    await start();
    expect((await get(pods)).status).toBe(401);
    expect((await get('/api/v1')).status).toBe(401);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/version')).status).toBe(200);
    expect((await get('/version', 'Bearer wrong')).status).toBe(401);
  });

  it('takes the token as a password, which is how kubectl sends one over plain HTTP', async () => {
    await start();
    const basic = (password: string): string => `Basic ${Buffer.from(`kubectl:${password}`).toString('base64')}`;
    expect((await get(pods, basic(TOKEN))).status).toBe(200);
    expect((await get(pods, basic('wrong'))).status).toBe(401);
    expect((await get(pods, `Basic ${Buffer.from(TOKEN).toString('base64')}`)).status).toBe(401);
  });

  it('lets a hook change a pod that is being created, before it is validated', async () => {
    await start({
      admit: (pod) => {
        for (const port of pod.spec?.containers[0]?.ports ?? []) port.containerPort = 40_001;
      },
    });
    const ports = [{ name: 'executor', containerPort: 8666 }];
    const { spec } = await client.create(PODS, 'default', {
      ...POD,
      spec: { containers: [{ name: 'c', image: 'i', ports }] },
    });
    expect(spec?.containers[0]?.ports).toEqual([{ name: 'executor', containerPort: 40_001, protocol: 'TCP' }]);
  });

  it('answers 500, tells who started it and goes on where a hook fails', async () => {
    const errors: unknown[] = [];
    const failure = new Error('no port is left');
    await start({
      onError: (error) => errors.push(error),
      admit: () => {
        throw failure;
      },
    });
    await expect(client.create(PODS, 'default', POD)).rejects.toMatchObject({ status: 500 });
    expect(errors).toEqual([failure]);
    expect((await client.list(PODS, 'default')).items).toEqual([]);
  });

  it('has the namespaces that it is told to have', async () => {
    await start({ namespaces: ['one', 'two'] });
    const { items } = await client.list(NAMESPACES, undefined);
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['one', 'two']);
  });

  it('sends a bookmark each interval to who asked for them', async () => {
    const clock = new FakeClock();
    await start({ clock, bookmarkIntervalMs: 1_000 });
    const { metadata } = await client.create(PODS, 'default', POD);
    const { answer } = await openWatch('resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=60');
    const events = readEvents(answer);
    await waitFor('the event is there', () => events, { length: 1 });
    await clock.advance(2_000);
    await waitFor('both bookmarks are there', () => events, { length: 3 });
    expect(events.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK', 'BOOKMARK']);
    expect(events[2]?.object.metadata?.resourceVersion).toBe(metadata?.resourceVersion);
  });

  it('ends a watch when its time is over, and loses none of the events before', async () => {
    const clock = new FakeClock();
    await start({ clock });
    const { answer } = await openWatch('resourceVersion=1&timeoutSeconds=5');
    const events = readEvents(answer);
    const ended = once(answer, 'end');
    await client.create(PODS, 'default', POD);
    await clock.advance(5_000);
    await ended;
    expect(events.map(({ type }) => type)).toEqual(['ADDED']);
  });

  it('reports 410 for a version that the history no longer has', async () => {
    await start({ historySize: 4 });
    const first = await client.create(PODS, 'default', POD);
    for (let index = 0; index < 10; index += 1) {
      await client.patchMerge(
        PODS,
        { namespace: 'default', name: 'a' },
        { metadata: { labels: { i: String(index) } } },
      );
    }
    const { resourceVersion } = first.metadata ?? {};
    const query = { resourceVersion, timeoutSeconds: 5, signal: new AbortController().signal };
    const watching = client.watch(PODS, 'default', query)[Symbol.asyncIterator]().next();
    await expect(watching).rejects.toMatchObject({ status: 410, reason: 'Expired' });
  });

  it('cuts off a watch that does not read, and serves the others', async () => {
    await start({ watchQueueSize: 20 });
    const slow = await openWatch('timeoutSeconds=600');
    slow.socket.pause();
    const { answer } = await openWatch('timeoutSeconds=600');
    const seen = readEvents(answer);
    await client.create(PODS, 'default', POD);
    // What the sockets on the way can hold, and then more events than may wait.
    const large = 'x'.repeat(200_000);
    for (let index = 0; index < 100; index += 1) {
      const metadata = { annotations: { large: `${index}${large}` } };
      await client.patchMerge(PODS, { namespace: 'default', name: 'a' }, { metadata });
    }
    await waitFor('the other watch has them all', () => seen, { length: 101 });
    const received = readEvents(slow.answer);
    const closed = once(slow.socket, 'close');
    slow.socket.resume();
    await closed;
    expect(received.length).toBeLessThan(101);
  });

  it('stops while watches are open, and ends them', async () => {
    await start();
    const { answer } = await openWatch('timeoutSeconds=600');
    answer.resume();
    const closed = once(answer, 'close');
    await server.stop();
    await closed;
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
  });

  it('survives clients that leave in the middle of a request', async () => {
    const errors: unknown[] = [];
    await start({ onError: (error) => errors.push(error) });
    for (let index = 0; index < 20; index += 1) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      await once(socket, 'connect');
      const head = `POST ${pods} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-length: 1000\r\n\r\n{"a`;
      await new Promise((sent) => socket.write(head, sent));
      socket.destroy();
    }
    expect((await client.create(PODS, 'default', POD)).metadata?.name).toBe('a');
    expect(errors).toEqual([]);
  });

  it('is back at its address with all that it stored after a restart that cut every connection', async () => {
    await start();
    await client.create(PODS, 'default', POD);
    const { answer } = await openWatch('timeoutSeconds=60');
    const cut = once(answer, 'error');
    const back = server.restart(1);
    await expect(cut).resolves.toMatchObject([{ code: 'ECONNRESET' }]);
    await back;
    expect(await client.get(PODS, { namespace: 'default', name: 'a' })).toMatchObject({ metadata: { name: 'a' } });
  });

  it('refuses a path that is no valid escape: 400', async () => {
    await start();
    const answer = await get(`${pods}/%zz`, `Bearer ${TOKEN}`);
    expect(answer.status).toBe(400);
  });

  it('gives 64 racing writers of one resourceVersion one success', async () => {
    await start();
    const created = await client.create(PODS, 'default', POD);
    const write = (index: number): Promise<number> =>
      client
        .patchMerge(
          PODS,
          { namespace: 'default', name: 'a' },
          { metadata: { resourceVersion: created.metadata?.resourceVersion, labels: { by: String(index) } } },
        )
        .then(() => 200)
        .catch((error: unknown) => (error instanceof KubeApiError ? error.status : 0));
    const statuses = await Promise.all(Array.from({ length: 64 }, (_, index) => write(index)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(63);
  });
});

/** The events of a watch, growing as they come. */
function readEvents(answer: IncomingMessage): WatchEvent<Pod>[] {
  const events: WatchEvent<Pod>[] = [];
  let rest = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as WatchEvent<Pod>));
  });
  return events;
}
