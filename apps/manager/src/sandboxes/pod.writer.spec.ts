import { KubeApiError, type KubeClient, type PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import type { Pod, Status } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import type { SandboxLimit } from '../limit/sandbox.limit.js';
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
  let places = 0;
  let stored: Pod[] = [];
  beforeEach(() => {
    places = 0;
    stored = [];
  });

  function writer(client: Partial<KubeClient>): PodWriter {
    const limit = {
      take: () => {
        places += 1;
        return { release: () => (places -= 1) };
      },
      reached: () => new ProblemError('limit_reached', 'full'),
    } as unknown as SandboxLimit;
    const store = { put: (pod: Pod) => stored.push(pod) } as unknown as PodStore;
    return new PodWriter(client as KubeClient, store, limit, new ManagerOptions(), clock);
  }

  function refusing(...errors: Error[]): Partial<KubeClient> {
    return {
      create: <T>(_: unknown, __: unknown, object: T) => {
        const error = errors.shift();
        return error === undefined ? Promise.resolve(object) : Promise.reject(error);
      },
    };
  }

  it('shows the store what it created before it gives the place back', async () => {
    const created = await writer(refusing()).create(aPod({ name: 'a' }));
    expect(stored).toEqual([created]);
    expect(places).toBe(0);
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
  ])('reports %s, and gives the place back', async (_, error, code) => {
    await expect(writer(refusing(error)).create(aPod())).rejects.toMatchObject({ code });
    expect(places).toBe(0);
    expect(stored).toEqual([]);
  });

  it('tries again where others wrote the quota at the same moment', async () => {
    const creation = writer(refusing(CONTENTION, CONTENTION, CONTENTION)).create(aPod({ name: 'a' }));
    await clock.advance(2_000);
    await expect(creation).resolves.toMatchObject({ metadata: { name: 'a' } });
  });

  it.each([
    [
      'removes a pod whose creation had no answer once it can be asked for',
      'token-of-a-test',
      [{ preconditions: { uid: 'u-1' } }],
    ],
    ['leaves a pod of that name alone that is another’s', 'another', []],
  ])('%s', async (_, token, deletions) => {
    const deleted: unknown[] = [];
    let answers = false;
    const client: Partial<KubeClient> = {
      create: () => Promise.reject(refusal(504, {})),
      get: <T>() =>
        answers ? Promise.resolve(aPod({ name: 'a', uid: 'u-1', token }) as T) : Promise.reject(refusal(503, {})),
      delete: <T>(_resource: unknown, _key: unknown, body: unknown) => {
        deleted.push(body);
        return Promise.resolve({ kind: 'Status' } as T);
      },
    };
    const outcome = expect(writer(client).create(aPod({ name: 'a' }))).rejects.toMatchObject({
      code: 'kubernetes_unavailable',
    });
    await clock.advance(10_000);
    await outcome;
    answers = true;
    await clock.advance(20_000);
    expect(deleted).toEqual(deletions);
  });

  it('takes a pod that is gone, or whose name is another’s now, for deleted', async () => {
    for (const status of [404, 409]) {
      const gone = writer({ delete: () => Promise.reject(refusal(status, {})) });
      await expect(gone.delete(aPod())).resolves.toBeUndefined();
    }
  });

  it('deletes the very pod that it was given', async () => {
    const asked: unknown[] = [];
    const client: Partial<KubeClient> = {
      delete: <T>(_: unknown, key: unknown, body: unknown) => {
        asked.push(key, body);
        return Promise.resolve({ kind: 'Status' } as T);
      },
    };
    await writer(client).delete(aPod({ name: 'a', uid: 'u-1' }));
    expect(asked).toEqual([{ namespace: 'sandbox-containers', name: 'a' }, { preconditions: { uid: 'u-1' } }]);
  });

  it.each([
    ['is gone', 404, 'sandbox_not_found'],
    ['was written since', 409, 'conflict'],
  ])('reports a pod that %s when its labels are written', async (_, status, code) => {
    const refused = writer({ patchMerge: () => Promise.reject(refusal(status, {})) });
    await expect(refused.patchLabels(aPod(), { a: 'b' })).rejects.toMatchObject({ code });
  });
});
