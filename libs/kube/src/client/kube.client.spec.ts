import { aPod, type ApiDouble, type FakeClock, faults, waitFor, type Fault } from '@warmbox/testing';
import { ClientScene, KEY, NAMESPACE, thrownBy } from './fixtures/client.scene.js';
import { KubeClient, type WatchEvent } from './kube.client.js';
import { KubeConnection } from './kube.connection.js';
import { KubeApiError, KubeUnreachableError } from '../errors/kube.error.js';
import { PODS } from './kube.resource.js';

describe('KubeClient', () => {
  let scene: ClientScene;
  let double: ApiDouble;
  let clock: FakeClock;
  let connection: KubeConnection;
  let client: KubeClient;

  beforeEach(async () => {
    scene = await ClientScene.start();
    ({ double, clock, connection, client } = scene);
  });
  afterEach(() => scene.stop());

  it('sends the token, and names objects by paths that no name can leave', async () => {
    await thrownBy(client.get(PODS, { namespace: NAMESPACE, name: '../secrets/x?watch=true' }));
    const [asked] = double.asked;
    expect(asked?.request.headers.authorization).toBe('Bearer secret-token');
    expect(asked?.request.url).toBe(`/api/v1/namespaces/${NAMESPACE}/pods/..%2Fsecrets%2Fx%3Fwatch%3Dtrue`);
  });

  it('sends 200 requests after each other over a connection or two, errors included', async () => {
    double.putPod(aPod({ name: 'a' }));
    for (let i = 0; i < 100; i += 1) {
      await client.get(PODS, KEY);
      await thrownBy(client.get(PODS, { ...KEY, name: 'missing' }));
    }
    expect(double.count('GET')).toBe(200);
    expect(double.connections).toBeLessThanOrEqual(2);
  });

  it('sends any number of requests at once over at most 64 connections', async () => {
    double.putPod(aPod({ name: 'a' }));
    await Promise.all(Array.from({ length: 500 }, () => client.get(PODS, KEY)));
    expect(double.connections).toBeLessThanOrEqual(64);
  });

  it('keeps no connection busy with an answer that nobody wanted', async () => {
    const bodies: Fault[] = [
      faults.status(500),
      faults.body(500, 'x'.repeat(200_000)),
      faults.body(200, 'no json'),
      faults.body(502, '<html>', { 'content-type': 'text/html' }),
      faults.reset(),
    ];
    for (const fault of bodies) {
      double.fail('GET', fault, 70);
      await Promise.all(Array.from({ length: 70 }, () => thrownBy(client.get(PODS, KEY))));
    }
    double.putPod(aPod({ name: 'a' }));
    await Promise.all(Array.from({ length: 100 }, () => client.get(PODS, KEY)));
    expect(clock.waiting).toBe(0);
  });

  it('asks beforeSend at the moment of sending, and sends nothing where that throws', async () => {
    const reason = new Error('not any more');
    let allowed = true;
    const beforeSend = (): void => {
      if (!allowed) throw reason;
    };
    await client.create(PODS, NAMESPACE, aPod({ name: 'a' }), { beforeSend });
    allowed = false;
    const writes = [
      client.create(PODS, NAMESPACE, aPod({ name: 'b' }), { beforeSend }),
      client.delete(PODS, KEY, {}, { beforeSend }),
      client.patchMerge(PODS, KEY, {}, { beforeSend }),
    ];
    for (const write of writes) expect(await thrownBy(write)).toBe(reason);
    expect(double.asked).toHaveLength(1);
    expect(clock.waiting).toBe(0);
  });

  it('asks beforeSend again where a new token makes it send again', async () => {
    let asked = 0;
    double.fail('GET', faults.status(401));
    const renewed = { ...(await connection.current()), headers: { authorization: 'Bearer newer' } };
    connection.renewed = () => Promise.resolve(renewed);
    double.putPod(aPod({ name: 'a' }));
    await client.get(PODS, KEY, { beforeSend: () => (asked += 1) });
    expect(double.asked.map(({ request }) => request.headers.authorization)).toEqual([
      'Bearer secret-token',
      'Bearer newer',
    ]);
    expect(asked).toBe(2);
  });

  it('tells its observer of every request: verb, kind, status and, where it was sent, seconds', async () => {
    const told: unknown[] = [];
    const watched = new KubeClient(connection, clock, (verb, plural) => (status, seconds) => {
      told.push([verb, plural, status, seconds]);
    });
    await watched.create(PODS, NAMESPACE, aPod({ name: 'a' }));
    await watched.get(PODS, KEY);
    await watched.list(PODS, NAMESPACE);
    await thrownBy(watched.get(PODS, { ...KEY, name: 'missing' }));
    double.fail('DELETE', faults.reset());
    await thrownBy(watched.delete(PODS, KEY));
    const beforeSend = (): void => {
      throw new Error('not any more');
    };
    await thrownBy(watched.delete(PODS, KEY, {}, { beforeSend }));
    expect(told).toEqual([
      ['create', 'pods', 201, 0],
      ['get', 'pods', 200, 0],
      ['list', 'pods', 200, 0],
      ['get', 'pods', 404, 0],
      ['delete', 'pods', undefined, 0],
      ['delete', 'pods', undefined, undefined],
    ]);
  });

  it('says what the API server said', async () => {
    const status = { reason: 'Invalid', message: 'no', details: { causes: [{ field: 'spec.a' }, { message: 'x' }] } };
    double.fail('GET', faults.body(422, JSON.stringify(status)));
    const error = (await thrownBy(client.get(PODS, KEY))) as KubeApiError;
    expect(error).toBeInstanceOf(KubeApiError);
    expect(error).toMatchObject({ status: 422, reason: 'Invalid', fields: ['spec.a'], retryAfterSeconds: undefined });
    expect(error.message).toBe(`GET /api/v1/namespaces/${NAMESPACE}/pods/a: 422 Invalid no`);
  });

  it.each([
    ['the header', faults.status(429, 'TooManyRequests', { 'retry-after': '7' }), 7],
    ['the Status', faults.body(503, JSON.stringify({ details: { retryAfterSeconds: 3 } })), 3],
    [
      'a date, which it never is',
      faults.status(429, 'x', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }),
      undefined,
    ],
    ['a negative number', faults.status(429, 'x', { 'retry-after': '-1' }), undefined],
  ])('takes Retry-After from %s', async (_name, fault, expected) => {
    double.fail('GET', fault);
    expect(await thrownBy(client.get(PODS, KEY))).toMatchObject({ retryAfterSeconds: expected });
  });

  it('reads no more of an error than its beginning', async () => {
    double.fail('GET', (_asked, response) => {
      response.writeHead(500);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    });
    expect(await thrownBy(client.get(PODS, KEY))).toMatchObject({ status: 500 });
    await waitFor('the connection to be cut', () => double.open, 0);
  });

  describe('without an answer', () => {
    it('gives up after its time, from connecting to the last byte', async () => {
      const partial: Fault = (_asked, response) => void response.writeHead(200).write('{"half":');
      for (const fault of [faults.silence(), partial]) {
        double.fail('GET', fault);
        const asked = double.count('GET');
        const thrown = thrownBy(client.get(PODS, KEY, { timeoutMs: 2_000 }));
        await waitFor('the request', () => double.count('GET'), asked + 1);
        await clock.advance(1_999);
        expect(clock.waiting).toBe(1);
        await clock.advance(1);
        const error = await thrown;
        expect(error).toBeInstanceOf(KubeUnreachableError);
        expect(error).toMatchObject({ mayHaveHappened: true });
        expect(String(error)).toContain('Not done within 2000 ms');
      }
      await waitFor('no connection', () => double.open, 0);
    });

    it("throws the signal's reason when it aborts, before or while it is sent", async () => {
      const reason = new Error('the reason');
      expect(await thrownBy(client.get(PODS, KEY, { signal: AbortSignal.abort(reason) }))).toBe(reason);
      expect(double.asked).toHaveLength(0);
      double.fail('GET', faults.silence());
      const aborting = new AbortController();
      const thrown = thrownBy(client.get(PODS, KEY, { signal: aborting.signal }));
      await waitFor('the request', () => double.count('GET'), 1);
      aborting.abort(reason);
      expect(await thrown).toBe(reason);
      expect(clock.waiting).toBe(0);
    });

    it('tells a request that never left from one that may have been carried out', async () => {
      double.fail('POST', faults.reset());
      expect(await thrownBy(client.create(PODS, NAMESPACE, aPod()))).toMatchObject({ mayHaveHappened: true });
      await double.stop();
      // The pool may not know yet that its connection is closed; a new one does not get that far.
      const fresh = await KubeConnection.fromToken(double.url, 'token', clock);
      const refused = await thrownBy(new KubeClient(fresh, clock).create(PODS, NAMESPACE, aPod()));
      await fresh.close();
      expect(refused).toBeInstanceOf(KubeUnreachableError);
      expect(refused).toMatchObject({ mayHaveHappened: false });
    });
  });

  describe('watch', () => {
    const collect = async (events: AsyncGenerator<WatchEvent<unknown>>, into: string[] = []): Promise<string[]> => {
      for await (const { type } of events) into.push(type);
      return into;
    };
    const watch = (signal: AbortSignal, resourceVersion = '100'): AsyncGenerator<WatchEvent<unknown>> =>
      client.watch(PODS, NAMESPACE, { resourceVersion, timeoutSeconds: 60, signal });

    it('ends normally when its signal aborts, and leaves no connection behind', async () => {
      const aborting = new AbortController();
      const types: string[] = [];
      const ended = collect(watch(aborting.signal), types);
      await waitFor('the watch', () => double.watching, 1);
      double.putPod(aPod());
      await waitFor('the event', () => types, { length: 1 });
      aborting.abort();
      expect(await ended).toEqual(['ADDED']);
      await waitFor('no connection', () => double.open, 0);
    });

    it('cuts its connection when its reader leaves', async () => {
      double.putPod(aPod());
      for await (const event of watch(new AbortController().signal)) {
        expect(event.type).toBe('ADDED');
        break;
      }
      await waitFor('no watch', () => double.watching, 0);
    });

    it('throws what the server reports in the stream', async () => {
      double.fail('WATCH', faults.body(200, '{"type":"ERROR","object":{"code":410,"reason":"Expired"}}\n'));
      const error = await thrownBy(collect(watch(new AbortController().signal)));
      expect(error).toBeInstanceOf(KubeApiError);
      expect(error).toMatchObject({ status: 410, reason: 'Expired' });
    });

    it('takes no connection from requests, however many watches there are', async () => {
      const aborting = new AbortController();
      const ended = Array.from({ length: 70 }, () => collect(watch(aborting.signal)));
      await waitFor('all watches', () => double.watching, 70);
      double.putPod(aPod({ name: 'a' }));
      expect(await client.get(PODS, KEY)).toBeDefined();
      aborting.abort();
      await Promise.all(ended);
    });
  });
});
