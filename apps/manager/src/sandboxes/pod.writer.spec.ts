import { KubeApiError, LeadershipLostError, type KubeClient, type RequestOptions } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import type { Pod, Status } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { QUOTA_NAME } from '../limit/sandbox.quota.js';
import { PodWriter } from './pod.writer.js';

function refusal(status: number, body: Partial<Status>): KubeApiError {
  return new KubeApiError(status, { kind: 'Status', status: 'Failure', code: status, ...body }, 'POST /pods');
}

const EXCEEDED = (quota: string): KubeApiError =>
  refusal(403, {
    reason: 'Forbidden',
    message: `pods "a" is forbidden: exceeded quota: ${quota}, requested: count/pods=1, used: count/pods=50, limited: count/pods=50`,
  });
const CONTENTION = refusal(409, {
  reason: 'Conflict',
  message: `Operation cannot be fulfilled on resourcequotas "${QUOTA_NAME}": the object has been modified; please apply your changes to the latest version and try again`,
  details: { name: QUOTA_NAME, kind: 'resourcequotas' },
});

describe('the writer of pods', () => {
  const clock = new FakeClock();
  let slots = 0;
  let stored: Pod[] = [];
  beforeEach(() => {
    slots = 0;
    stored = [];
  });

  function writer(client: Partial<KubeClient>): PodWriter {
    const limit = {
      take: () => {
        slots += 1;
        return { release: () => void (slots -= 1) };
      },
      reached: () => new ProblemError('limit_reached', 'full'),
    };
    const store = { put: (pod: Pod) => void stored.push(pod) };
    const untold = (): Promise<never> => Promise.reject(new Error('nobody was to ask for this'));
    const asked = { create: untold, delete: untold, get: untold, patchMerge: untold, ...client };
    return new PodWriter(asked, store, limit, new ManagerOptions(), clock);
  }

  function refusing(...errors: Error[]): Partial<KubeClient> {
    return {
      create: <T>(_: unknown, __: unknown, object: T) => {
        const error = errors.shift();
        return error === undefined ? Promise.resolve(object) : Promise.reject(error);
      },
    };
  }

  it('shows the store what it created before it gives the slot back', async () => {
    const created = await writer(refusing()).create(aPod({ name: 'a' }));
    expect(stored).toEqual([created]);
    expect(slots).toBe(0);
  });

  it.each([
    ['our own quota as limit_reached', EXCEEDED(QUOTA_NAME), 'limit_reached'],
    ['another quota as quota_exceeded', EXCEEDED('compute'), 'quota_exceeded'],
    [
      'a refusal of the pod itself as kubernetes_unavailable',
      refusal(403, { reason: 'Forbidden', message: 'violates PodSecurity' }),
      'kubernetes_unavailable',
    ],
    ['a missing namespace as kubernetes_unavailable', refusal(404, { reason: 'NotFound' }), 'kubernetes_unavailable'],
    [
      'an API server that cannot as kubernetes_unavailable',
      refusal(429, { reason: 'TooManyRequests' }),
      'kubernetes_unavailable',
    ],
  ])('reports %s, and gives the slot back', async (_, error, code) => {
    await expect(writer(refusing(error)).create(aPod())).rejects.toMatchObject({ code });
    expect(slots).toBe(0);
    expect(stored).toEqual([]);
  });

  it('tries again where others wrote the quota at the same moment', async () => {
    const creation = writer(refusing(CONTENTION, CONTENTION, CONTENTION)).create(aPod({ name: 'a' }));
    await clock.advance(2_000);
    await expect(creation).resolves.toMatchObject({ metadata: { name: 'a' } });
  });

  it('takes a pod that is gone, or whose name is another’s now, for deleted, and not by this request', async () => {
    const gone = writer({ delete: () => Promise.reject(refusal(404, {})) });
    await expect(gone.delete(aPod())).resolves.toBe(false);
    const client: Partial<KubeClient> = {
      delete: () => Promise.reject(refusal(409, {})),
      get: <T>() => Promise.resolve(aPod({ uid: 'another' }) as T),
    };
    await expect(writer(client).delete(aPod())).resolves.toBe(false);
    client.get = () => Promise.reject(refusal(404, {}));
    await expect(writer(client).delete(aPod())).resolves.toBe(false);
  });

  it.each<[string, (writer: PodWriter) => Promise<unknown>]>([
    ['delete', (writer) => writer.delete(aPod())],
    ['patchMerge', (writer) => writer.patchMetadata(aPod(), { labels: { a: 'b' } })],
  ])('tries again where a conflict is not for the pod’s identity: %s', async (method, write) => {
    let conflicts = 2;
    const carry = <T>(): Promise<T> =>
      conflicts-- > 0 ? Promise.reject(refusal(409, { reason: 'Conflict' })) : Promise.resolve(aPod() as T);
    const client = { [method]: carry, get: <T>() => Promise.resolve(aPod() as T) };
    const written = write(writer(client));
    await clock.advance(1_000);
    await written;
    expect(conflicts).toBe(-1);
    conflicts = Infinity;
    const refused = expect(write(writer(client))).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    await clock.advance(10_000);
    await refused;
  });

  it('deletes the very pod that it was given', async () => {
    const asked: unknown[] = [];
    const client: Partial<KubeClient> = {
      delete: <T>(_: unknown, key: unknown, body: unknown) => {
        asked.push(key, body);
        return Promise.resolve({ kind: 'Status' } as T);
      },
    };
    await expect(writer(client).delete(aPod({ name: 'a', uid: 'u-1' }))).resolves.toBe(true);
    expect(asked).toEqual([{ namespace: 'sandbox-containers', name: 'a' }, { preconditions: { uid: 'u-1' } }]);
  });

  it('deletes only what has not changed where that is asked for, and reports a conflict otherwise', async () => {
    const asked: unknown[] = [];
    let answer: Promise<unknown> = Promise.resolve({ kind: 'Status' });
    const client: Partial<KubeClient> = {
      delete: <T>(_: unknown, __: unknown, body: unknown) => {
        asked.push(body);
        return answer as Promise<T>;
      },
    };
    const pod = aPod({ name: 'a', uid: 'u-1', resourceVersion: '7' });
    await writer(client).delete(pod, { onlyUnchanged: true });
    expect(asked).toEqual([{ preconditions: { uid: 'u-1', resourceVersion: '7' } }]);
    answer = Promise.reject(refusal(409, { reason: 'Conflict' }));
    await expect(writer(client).delete(pod, { onlyUnchanged: true })).rejects.toMatchObject({ code: 'conflict' });
    answer = Promise.reject(refusal(404, { reason: 'NotFound' }));
    await expect(writer(client).delete(pod, { onlyUnchanged: true })).resolves.toBe(false);
  });

  it('sends no deletion once what it rests on may not hold any more', async () => {
    let sent = 0;
    const client = {
      delete: <T>(_: unknown, __: unknown, ___: unknown, { beforeSend }: RequestOptions = {}) =>
        new Promise<T>((resolve) => {
          beforeSend?.();
          sent += 1;
          resolve({ kind: 'Status' } as T);
        }),
    };
    const sendBefore = clock.monotonic() + 1;
    await writer(client).delete(aPod(), { sendBefore });
    await clock.advance(1);
    await expect(writer(client).delete(aPod(), { sendBefore })).rejects.toMatchObject({ code: 'conflict' });
    expect(sent).toBe(1);
  });

  describe('as a leader', () => {
    const lost = new LeadershipLostError('another leads');
    let sent = 0;
    let leadsUntil = Infinity;
    const assertLeading = (): void => {
      if (sent >= leadsUntil) throw lost;
    };
    beforeEach(() => {
      sent = 0;
      leadsUntil = Infinity;
    });

    /** A client that asks beforeSend as the real one does, and then meets the error. */
    function meeting(error: Error): Partial<KubeClient> {
      const send = ({ beforeSend }: RequestOptions = {}): Promise<never> =>
        new Promise((_resolve, reject) => {
          beforeSend?.();
          sent += 1;
          reject(error);
        });
      return {
        create: (_: unknown, __: unknown, ___: unknown, options?: RequestOptions) => send(options),
        delete: (_: unknown, __: unknown, ___: unknown, options?: RequestOptions) => send(options),
      };
    }

    it('asks at each attempt whether it still leads, and says so as it is where it does not', async () => {
      leadsUntil = 2;
      const creation = writer(meeting(CONTENTION)).create(aPod(), { assertLeading });
      const outcome = expect(creation).rejects.toBe(lost);
      await clock.advance(5_000);
      await outcome;
      expect(sent).toBe(2);
      expect(slots).toBe(0);
    });

    it('stops trying again at once when its signal aborts', async () => {
      const ending = new AbortController();
      const creation = writer(meeting(CONTENTION)).create(aPod(), { assertLeading, signal: ending.signal });
      const outcome = expect(creation).rejects.toBe(lost);
      await clock.advance(1_000);
      const before = sent;
      ending.abort(lost);
      await outcome;
      expect([sent - before, slots]).toEqual([0, 0]);
    });

    it('leaves a pod whose creation had no answer to whoever leads: it is a warm one like any other', async () => {
      const asked: string[] = [];
      const client: Partial<KubeClient> = {
        create: () => Promise.reject(refusal(504, {})),
        get: () => {
          asked.push('get');
          return Promise.reject(refusal(404, {}));
        },
      };
      const creation = writer(client).create(aPod({ name: 'a' }), { assertLeading });
      const outcome = expect(creation).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
      await clock.advance(10_000);
      await outcome;
      const looks = asked.length;
      await clock.advance(600_000);
      expect(asked).toHaveLength(looks);
    });

    it('sends no deletion when it does not lead any more', async () => {
      leadsUntil = 0;
      const deletion = writer(meeting(CONTENTION)).delete(aPod(), { assertLeading, onlyUnchanged: true });
      await expect(deletion).rejects.toBe(lost);
      expect(sent).toBe(0);
    });
  });

  it.each([
    ['is gone', 404, 'sandbox_gone'],
    ['was written since', 409, 'conflict'],
  ])('reports a pod that %s when its metadata are written', async (_, status, code) => {
    const refused = writer({ patchMerge: () => Promise.reject(refusal(status, {})) });
    const patch = refused.patchMetadata(aPod(), { labels: { a: 'b' } }, { onlyUnchanged: true });
    await expect(patch).rejects.toMatchObject({ code });
  });
});
