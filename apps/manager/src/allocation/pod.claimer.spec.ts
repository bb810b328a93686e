import { ServerResponse } from 'node:http';
import { KubeClient, KubeConnection } from '@warmbox/kube';
import { type ProblemError, Shutdown } from '@warmbox/platform';
import { ANNOTATION, LABEL, type Pod } from '@warmbox/sandbox';
import { ApiDouble, aPod, FakeClock, type Fault, faults, isMissing, waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { SupersededError, type AttemptHandle } from '../idempotency/attempt.handle.js';
import type { SandboxLimit } from '../limit/sandbox.limit.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { PodClaimer } from './pod.claimer.js';

const NAMESPACE = 'sandbox-containers';
const NAME = 'warm-1';
const CLAIM = { claimId: 'ours', tenant: 'default', userId: 'ada', allocatedAt: '2026-01-01T00:00:00.000Z' };

describe('PodClaimer', () => {
  let api: ApiDouble;
  let connection: KubeConnection;
  let clock: FakeClock;
  let stored: Pod[];
  let recorded: string[];
  let claimer: PodClaimer;
  let warm: Pod;
  /** Of the request that it is claimed for. */
  let attempt: AttemptHandle | undefined;
  let excluded: string[];
  let isInDoubt: boolean;

  beforeEach(async () => {
    api = await ApiDouble.start();
    connection = await KubeConnection.fromToken(api.url, 'token');
    clock = new FakeClock();
    const shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, clock);
    stored = [];
    recorded = [];
    attempt = undefined;
    excluded = [];
    isInDoubt = false;
    const client = new KubeClient(connection, clock);
    const store = {
      put: (pod: Pod) => void stored.push(pod),
      confirm: () => Promise.reject(new Error('no end is in doubt here')),
    };
    const options = Object.assign(new ManagerOptions(), { targetNamespace: NAMESPACE });
    const writer = new PodWriter(client, store, {} as SandboxLimit, options, clock);
    const tombstones = {
      record: ({ metadata }: Pod, cause: string) => {
        recorded.push(`${metadata?.name} ${cause}`);
        return Promise.resolve(undefined);
      },
      retract: () => Promise.resolve(),
    };
    const ender = new SandboxEnder(writer, tombstones, store);
    claimer = new PodClaimer(client, store, writer, ender, options, shutdown, clock);
    warm = api.putPod(aPod({ name: NAME, pool: 'warm', ready: true }));
  });
  afterEach(async () => {
    await connection.close();
    await api.stop();
  });

  /** The outcome, with time going by for as long as the claim waits for it. */
  async function claim(): Promise<Pod | undefined | ProblemError> {
    let outcome: { is: Pod | undefined | ProblemError } | undefined;
    claimer.claim(warm, CLAIM, attempt).then(
      (is) => (outcome = { is }),
      (error: unknown) => (outcome = { is: error as ProblemError }),
    );
    const { is } = await waitFor('the claim is over', async () => {
      // Less than the time-out of a request, which only the double's silence may bring about.
      if (clock.nextIn !== undefined && clock.nextIn <= 1_000) await clock.advance(clock.nextIn);
      return outcome;
    });
    return is;
  }

  const now = (): Pod | undefined => api.pods(NAMESPACE)[0];
  const annotations = (): Record<string, string> => now()?.metadata?.annotations ?? {};
  const pool = (): string | undefined => now()?.metadata?.labels?.[LABEL.pool];
  /** What another manager's claim leaves. */
  const takenBy = (claimId: string): void => {
    const { metadata, ...rest } = now()!;
    const labels = { ...metadata?.labels, [LABEL.pool]: 'allocated' };
    const marks = { ...metadata?.annotations, [ANNOTATION.claimId]: claimId };
    api.putPod({ ...rest, metadata: { ...metadata, labels, annotations: marks } });
  };
  /** Does something before it answers with a failure. */
  const after =
    (happening: () => void, fault: Fault): Fault =>
    (asked, response, carryOut) => {
      happening();
      fault(asked, response, carryOut);
    };
  /** Does what was asked, and says that it failed. */
  const doneThen =
    (fault: Fault): Fault =>
    (asked, response, carryOut) => {
      carryOut(new ServerResponse(asked.request));
      fault(asked, response, carryOut);
    };

  it('makes the pod its caller’s by one write, and tells the store', async () => {
    const pod = await claim();
    expect(pod).toMatchObject({ metadata: { name: NAME, annotations: { [ANNOTATION.claimId]: 'ours' } } });
    expect(pool()).toBe('allocated');
    expect(stored).toEqual([pod]);
    expect(api.asked.map(({ verb }) => verb)).toEqual(['PATCH']);
  });

  it('does not hand out a pod that turns out not Ready: it goes', async () => {
    api.putPod({ ...aPod({ name: NAME, pool: 'warm', ready: false }) });
    expect(await claim()).toBeUndefined();
    expect(now()).toBeUndefined();
    expect(recorded).toEqual([`${NAME} discarded`]);
  });

  it('does not hand out a pod whose container has ended: it goes', async () => {
    api.putPod(aPod({ name: NAME, pool: 'warm', ready: true, phase: 'Failed' }));
    expect(await claim()).toBeUndefined();
    expect(now()).toBeUndefined();
  });

  it('does not hand out a pod that is being deleted by the time of the answer', async () => {
    const dying = aPod({ name: NAME, pool: 'allocated', ready: true, deletedAt: '2026-01-01T00:00:00Z' });
    api.fail('PATCH', faults.body(200, JSON.stringify(dying)));
    expect(await claim()).toBeUndefined();
    expect(api.count('DELETE')).toBe(0);
  });

  it.each<[string, () => void]>([
    ['is another’s', () => takenBy('theirs')],
    ['is being deleted', () => void api.putPod(aPod({ name: NAME, pool: 'warm', deletedAt: '2026-01-01T00:00:00Z' }))],
    ['is gone', () => void api.deletePod(NAMESPACE, NAME)],
  ])('gives a pod up at once that %s: one request, no pause', async (_, happening) => {
    happening();
    const waited = clock.monotonic();
    expect(await claim()).toBeUndefined();
    expect(clock.monotonic()).toBe(waited);
    expect(api.asked).toHaveLength(1);
  });

  it('gives a pod up at once that the API server could not write for others', async () => {
    api.fail('PATCH', faults.status(409, 'Conflict'));
    expect(await claim()).toBeUndefined();
    expect(api.asked).toHaveLength(1);
    expect(pool()).toBe('warm');
  });

  it('stops at a field that is at fault: no other pod would do', async () => {
    const status = { code: 422, reason: 'Invalid', details: { causes: [{ field: 'metadata.labels' }] } };
    api.fail('PATCH', faults.body(422, JSON.stringify(status)));
    expect(await claim()).toMatchObject({ code: 'internal' });
    expect(api.asked).toHaveLength(1);
  });

  it.each<[string, Fault]>([
    ['was cut off before it was carried out', faults.reset()],
    ['failed with 500 before it was carried out', faults.status(500)],
    ['was refused with 429', faults.status(429)],
    ['timed out in a proxy', faults.status(504)],
  ])('is sent again, the same to the same pod, where it %s', async (_, fault) => {
    api.fail('PATCH', fault);
    expect(await claim()).toMatchObject({ metadata: { name: NAME } });
    const [first, second] = api.asked;
    expect([first?.name, first?.body]).toEqual([second?.name, second?.body]);
    expect(api.asked).toHaveLength(2);
  });

  it.each<[string, Fault]>([
    ['was carried out and cut off', faults.doneThenReset()],
    ['was carried out and answered with 500', doneThen(faults.status(500))],
  ])('is known for its own by its id where it %s', async (_, fault) => {
    api.fail('PATCH', fault);
    expect(await claim()).toMatchObject({ metadata: { annotations: { [ANNOTATION.claimId]: 'ours' } } });
    expect(api.asked.map(({ verb }) => verb)).toEqual(['PATCH', 'PATCH', 'GET']);
    expect(annotations()[ANNOTATION.claimId]).toBe('ours');
  });

  it('is lost where another’s came between two of its sends', async () => {
    api.fail(
      'PATCH',
      after(() => takenBy('theirs'), faults.reset()),
    );
    expect(await claim()).toBeUndefined();
    expect(annotations()[ANNOTATION.claimId]).toBe('theirs');
    expect(api.count('DELETE')).toBe(0);
  });

  it('is not given up for a conflict once it may have been carried out', async () => {
    api.fail('PATCH', faults.doneThenReset());
    api.fail('PATCH', faults.status(409, 'Conflict'));
    expect(await claim()).toMatchObject({ metadata: { annotations: { [ANNOTATION.claimId]: 'ours' } } });
  });

  it('is known for its own where a later send is called a mistake', async () => {
    api.fail('PATCH', faults.doneThenReset());
    const status = { code: 422, reason: 'Invalid', details: { causes: [{ field: 'metadata.labels' }] } };
    api.fail('PATCH', faults.body(422, JSON.stringify(status)));
    expect(await claim()).toMatchObject({ metadata: { annotations: { [ANNOTATION.claimId]: 'ours' } } });
  });

  it('deletes the pod where its writes may yet be carried out: it can never be claimed for nobody', async () => {
    api.fail('PATCH', faults.reset(), 3);
    expect(await claim()).toBeUndefined();
    expect(now()).toBeUndefined();
    expect(api.asked.map(({ verb }) => verb)).toEqual(['PATCH', 'PATCH', 'PATCH', 'GET', 'DELETE']);
  });

  it('never deletes another’s pod when it looks into its own claim: what is claimed in between stays', async () => {
    api.fail('PATCH', faults.reset(), 3);
    api.fail('DELETE', (_, response, carryOut) => {
      takenBy('theirs');
      carryOut(response);
    });
    expect(await claim()).toBeUndefined();
    expect(annotations()[ANNOTATION.claimId]).toBe('theirs');
  });

  it('hands out the pod where a late write of its own was carried out while it looked', async () => {
    api.fail('PATCH', faults.reset(), 3);
    api.fail('DELETE', (_, response, carryOut) => {
      takenBy('ours');
      carryOut(response);
    });
    expect(await claim()).toMatchObject({ metadata: { annotations: { [ANNOTATION.claimId]: 'ours' } } });
  });

  it('says that the API server does not answer where nothing was ever carried out, and leaves the pod alone', async () => {
    api.fail('PATCH', faults.status(429), 3);
    expect(await claim()).toMatchObject({ code: 'kubernetes_unavailable' });
    expect(pool()).toBe('warm');
    expect(api.count('GET') + api.count('DELETE')).toBe(0);
  });

  it('answers the caller where nothing can be found out, and deletes later what was claimed for nobody', async () => {
    api.fail('PATCH', faults.doneThenReset());
    api.fail('PATCH', faults.reset(), 2);
    api.fail('GET', faults.reset(), 5);
    expect(await claim()).toMatchObject({ code: 'kubernetes_unavailable' });
    expect(pool()).toBe('allocated');
    const later = async (): Promise<Pod | undefined> => {
      if (clock.nextIn !== undefined) await clock.advance(Math.min(clock.nextIn, 500));
      return now();
    };
    await waitFor('the pod is deleted', later, isMissing);
    expect(recorded).toEqual([`${NAME} discarded`]);
    expect(api.untouched).toBe(0);
  });

  describe('for a request with an idempotency key', () => {
    const attemptOf = (exclude: (pod: Pod) => Promise<void>): AttemptHandle => ({
      hash: 'h',
      exclude,
      leaveForRetry: () => (isInDoubt = true),
      abandon: () => Promise.resolve(),
    });
    beforeEach(() => {
      attempt = attemptOf((pod) => Promise.resolve(void excluded.push(pod.metadata?.name ?? '')));
    });

    it('says so before it deletes a pod that it has claimed and that died', async () => {
      api.putPod({ ...aPod({ name: NAME, pool: 'warm', ready: false }) });
      attempt = attemptOf((pod) => {
        expect(now()).toBeDefined();
        return Promise.resolve(void excluded.push(pod.metadata?.name ?? ''));
      });
      expect(await claim()).toBeUndefined();
      expect([excluded, now()]).toEqual([[NAME], undefined]);
    });

    it('keeps such a pod where another attempt answers with it', async () => {
      api.putPod({ ...aPod({ name: NAME, pool: 'warm', ready: false }) });
      attempt = attemptOf(() => Promise.reject(new SupersededError('another has it')));
      expect(await claim()).toBeInstanceOf(SupersededError);
      expect(now()).toBeDefined();
    });

    it('leaves what it may have claimed to a retry where nothing can be found out', async () => {
      api.fail('PATCH', faults.doneThenReset());
      api.fail('PATCH', faults.reset(), 2);
      api.fail('GET', faults.reset(), 5);
      expect(await claim()).toMatchObject({ code: 'kubernetes_unavailable' });
      expect([isInDoubt, pool(), clock.waiting]).toEqual([true, 'allocated', 0]);
    });
  });
});
