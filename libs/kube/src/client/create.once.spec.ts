import type { Pod } from '@warmbox/sandbox';
import { aPod, type ApiDouble, type FakeClock, faults, waitFor } from '@warmbox/testing';
import { ClientScene, NAMESPACE } from './fixtures/client.scene.js';
import { createOnce, isUnknownOutcome } from './create.once.js';
import { type KubeClient } from './kube.client.js';
import { NameTakenError } from '../errors/kube.error.js';
import { PODS } from './kube.resource.js';

describe('createOnce', () => {
  let scene: ClientScene;
  let double: ApiDouble;
  let clock: FakeClock;
  let client: KubeClient;

  beforeEach(async () => {
    scene = await ClientScene.start();
    ({ double, clock, client } = scene);
  });
  afterEach(() => scene.stop());

  const create = (pod: Pod, signal?: AbortSignal): Promise<Pod> =>
    createOnce(client, PODS, NAMESPACE, pod, clock, { random: () => 0.5, signal });
  const pod = aPod({ name: 'a', token: 'one' });

  /** Lets the fake clock run until the promise is settled. */
  async function settled<T>(promise: Promise<T>): Promise<T> {
    let state = 'pending';
    promise.then(
      () => (state = 'fulfilled'),
      () => (state = 'rejected'),
    );
    const look = async (): Promise<string> => {
      // Only back-offs, not the requests' own deadlines.
      if (state === 'pending' && (clock.nextIn ?? Infinity) <= 2_000) await clock.advance(clock.nextIn ?? 0);
      return state;
    };
    await waitFor('the outcome', look, /filled|rejected/);
    return promise;
  }

  it('creates', async () => {
    expect(await create(pod)).toMatchObject({ metadata: { name: 'a' } });
    expect(double.asked.map(({ verb }) => verb)).toEqual(['POST']);
  });

  it('finds what was created though the answer was lost', async () => {
    double.fail('POST', faults.doneThenReset());
    expect(await settled(create(pod))).toMatchObject({ metadata: { name: 'a' } });
    expect(double.asked.map(({ verb }) => verb)).toEqual(['POST', 'GET']);
  });

  it('goes on looking while the API server is in trouble, and for a creation that is late', async () => {
    double.fail('POST', faults.status(504, 'Timeout'));
    double.fail('GET', faults.reset());
    double.fail('GET', faults.status(500));
    double.fail('GET', (_asked, response, carryOut) => {
      carryOut(response);
      double.putPod(pod);
    });
    expect(await settled(create(pod))).toMatchObject({ metadata: { name: 'a' } });
    expect(double.count('POST')).toBe(1);
    expect(double.count('GET')).toBe(4);
  });

  it('gives up with the error of the creation when it is not found, and never sends it again', async () => {
    double.fail('POST', faults.status(500, 'InternalError'));
    await expect(settled(create(pod))).rejects.toMatchObject({ status: 500 });
    expect(double.count('POST')).toBe(1);
    expect(double.count('GET')).toBe(5);
  });

  it.each([400, 403, 409, 422, 429])('throws a refusal (%i) at once', async (status) => {
    double.fail('POST', faults.status(status));
    await expect(create(pod)).rejects.toMatchObject({ status });
    expect(double.count('GET')).toBe(0);
  });

  it('throws at once where the request never left', async () => {
    await double.stop();
    await expect(create(pod)).rejects.toMatchObject({ mayHaveHappened: false });
    expect(clock.waiting).toBe(0);
  });

  it('takes "already exists" for a success only where it is the very same object', async () => {
    double.putPod(aPod({ name: 'a', token: 'one' }));
    expect(await settled(create(pod))).toMatchObject({ metadata: { name: 'a' } });
    double.putPod(aPod({ name: 'a', token: 'of another' }));
    await expect(settled(create(pod))).rejects.toBeInstanceOf(NameTakenError);
    double.putPod(aPod({ name: 'a', token: 'one', createdBy: 'another' }));
    await expect(settled(create(pod))).rejects.toBeInstanceOf(NameTakenError);
  });

  it('knows that it created nothing where another object of that name is found', async () => {
    double.putPod(aPod({ name: 'a', token: 'of another' }));
    for (const fault of [undefined, faults.status(504, 'Timeout')]) {
      if (fault !== undefined) double.fail('POST', fault);
      const error: unknown = await settled(create(pod)).catch((reason: unknown) => reason);
      expect([error instanceof NameTakenError, isUnknownOutcome(error)]).toEqual([true, false]);
    }
  });

  it('creates nothing, and looks for nothing, where beforeSend throws', async () => {
    const beforeSend = (): void => {
      throw new Error('not any more');
    };
    await expect(createOnce(client, PODS, NAMESPACE, pod, clock, { beforeSend })).rejects.toThrow('not any more');
    expect(double.asked).toEqual([]);
  });

  it('stops when its signal aborts', async () => {
    double.fail('POST', faults.status(500));
    const aborting = new AbortController();
    const created = create(pod, aborting.signal);
    await waitFor('a look', () => ({ gets: double.count('GET'), ms: clock.nextIn }), { gets: 1, ms: 75 });
    aborting.abort(new Error('the reason'));
    await expect(created).rejects.toThrow('the reason');
    expect(clock.waiting).toBe(0);
  });
});
