import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { aPod, type ApiDouble, FakeClock, faults, waitFor } from '@warmbox/testing';
import { ClientScene, KEY, NAMESPACE, thrownBy } from './fixtures/client.scene.js';
import { KubeClient } from './kube.client.js';
import { KubeConnection } from './kube.connection.js';
import { KubeUnreachableError } from '../errors/kube.error.js';
import { LEASES, PODS } from './kube.resource.js';

const SLOTS = 64;

describe('requests that wait for others', () => {
  let scene: ClientScene;
  let double: ApiDouble;
  let clock: FakeClock;
  let connection: KubeConnection;
  let client: KubeClient;

  beforeEach(async () => {
    scene = await ClientScene.start();
    ({ double, clock, connection, client } = scene);
    double.putPod(aPod({ name: 'a' }));
  });
  afterEach(() => scene.stop());

  /** Takes every slot by requests without an answer; each ends when it is told to. */
  async function occupy(): Promise<(() => void)[]> {
    double.fail('GET', faults.silence(), SLOTS);
    const ends = Array.from({ length: SLOTS }, () => {
      const ending = new AbortController();
      void thrownBy(client.get(PODS, KEY, { timeoutMs: 60_000, signal: ending.signal }));
      return () => ending.abort(new Error('over'));
    });
    await waitFor('all slots to be taken', () => double.count('GET'), SLOTS);
    return ends;
  }

  it('give up at their own time, and say that they never left', async () => {
    await occupy();
    let asked = 0;
    const thrown = thrownBy(client.delete(PODS, KEY, {}, { timeoutMs: 300, beforeSend: () => (asked += 1) }));
    await clock.advance(299);
    expect(connection.slots.requests.waiting).toBe(1);
    await clock.advance(1);
    const error = await thrown;
    expect(error).toBeInstanceOf(KubeUnreachableError);
    expect(error).toMatchObject({ mayHaveHappened: false });
    expect([asked, double.count('DELETE'), connection.slots.requests.waiting]).toEqual([0, 0, 0]);
  });

  it('end at once with the reason of their signal, and leave the line', async () => {
    const [end] = await occupy();
    const leaving = new AbortController();
    const thrown = thrownBy(client.get(PODS, KEY, { signal: leaving.signal }));
    const next = client.get(PODS, KEY);
    const reason = new Error('nobody waits any more');
    leaving.abort(reason);
    expect(await thrown).toBe(reason);
    end?.();
    expect(await next).toMatchObject({ metadata: { name: 'a' } });
    expect(double.count('GET')).toBe(SLOTS + 1);
  });

  it('are asked whether they are still wanted when they have a slot, and not before', async () => {
    const [end] = await occupy();
    let isLeading = true;
    let asked = 0;
    const beforeSend = (): void => {
      asked += 1;
      if (!isLeading) throw new Error('not the leader any more');
    };
    const thrown = thrownBy(client.delete(PODS, KEY, {}, { beforeSend }));
    await clock.advance(1_000);
    expect(asked).toBe(0);
    isLeading = false;
    end?.();
    expect(await thrown).toMatchObject({ message: 'not the leader any more' });
    expect([asked, double.count('DELETE')]).toEqual([1, 0]);
  });

  it('are in nobody’s way who renews a lease', async () => {
    await occupy();
    await thrownBy(client.get(LEASES, { namespace: NAMESPACE, name: 'leader' }));
    expect(double.count('GET')).toBe(SLOTS + 1);
  });
});

describe('a request whose connection is being made', () => {
  let server: Server;
  let clock: FakeClock;
  let connection: KubeConnection;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    // It accepts, and says nothing in the handshake.
    server = createServer((socket) => void sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    clock = new FakeClock();
    connection = await KubeConnection.fromToken(
      `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      'token',
      clock,
    );
  });
  afterEach(async () => {
    await connection.close();
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
  });

  it('keeps to its deadline and its signal, and was not sent', async () => {
    const client = new KubeClient(connection, clock);
    let asked = 0;
    const beforeSend = (): void => void (asked += 1);
    const late = thrownBy(client.delete(PODS, KEY, {}, { timeoutMs: 300, beforeSend }));
    await waitFor('the connection', () => sockets.size, 1);
    await clock.advance(300);
    expect(await late).toMatchObject({ name: 'KubeUnreachableError', mayHaveHappened: false });
    const leaving = new AbortController();
    const left = thrownBy(client.delete(PODS, KEY, {}, { signal: leaving.signal, beforeSend }));
    leaving.abort(new Error('left'));
    expect(await left).toMatchObject({ message: 'left' });
    expect(asked).toBe(0);
  });
});
