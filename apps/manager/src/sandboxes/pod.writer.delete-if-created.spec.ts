import { KubeApiError, type KubeClient } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import type { Pod, Status } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { PodWriter } from './pod.writer.js';

function refusal(status: number, body: Partial<Status>): KubeApiError {
  return new KubeApiError(status, { kind: 'Status', status: 'Failure', code: status, ...body }, 'POST /pods');
}

describe('the writer of pods after a creation without an answer', () => {
  const clock = new FakeClock();

  function writer(client: Partial<KubeClient>): PodWriter {
    const limit = {
      take: () => ({ release: () => undefined }),
      reached: () => new ProblemError('limit_reached', 'full'),
    };
    const untold = (): Promise<never> => Promise.reject(new Error('nobody was to ask for this'));
    const asked = { create: untold, delete: untold, get: untold, patchMerge: untold, ...client };
    return new PodWriter(asked, { put: () => undefined }, limit, new ManagerOptions(), clock);
  }

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

  it('looks for a pod whose creation had no answer for a minute, in which the creation may still arrive', async () => {
    const deleted: unknown[] = [];
    let isThere = false;
    let looks = 0;
    const client: Partial<KubeClient> = {
      create: () => Promise.reject(refusal(504, {})),
      get: <T>() => {
        looks += 1;
        return isThere
          ? Promise.resolve(aPod({ name: 'a', uid: 'u-1', token: 'token-of-a-test' }) as T)
          : Promise.reject(refusal(404, { reason: 'NotFound' }));
      },
      delete: <T>(_resource: unknown, _key: unknown, body: unknown) => {
        deleted.push(body);
        return Promise.resolve({ kind: 'Status' } as T);
      },
    };
    const create = (): Promise<Pod> => writer(client).create(aPod({ name: 'a' }));
    const outcome = expect(create()).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    await clock.advance(30_000);
    await outcome;
    isThere = true;
    await clock.advance(20_000);
    expect(deleted).toEqual([{ preconditions: { uid: 'u-1' } }]);
    expect(clock.waiting).toBe(0);
    isThere = false;
    const never = expect(create()).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    await clock.advance(120_000);
    await never;
    expect(clock.waiting).toBe(0);
    expect(looks).toBeLessThan(50);
  });

  it('leaves a pod whose creation had no answer to the retry of its request, where that has a key', async () => {
    let deletions = 0;
    const client: Partial<KubeClient> = {
      create: () => Promise.reject(refusal(504, {})),
      get: () => Promise.reject(refusal(503, {})),
      delete: () => Promise.reject(new Error(`deletion ${(deletions += 1)}`)),
    };
    const creation = writer(client).create(aPod({ name: 'a', request: 'h' }));
    const outcome = expect(creation).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    await clock.advance(10_000);
    await outcome;
    expect(clock.waiting).toBe(0);
    expect(deletions).toBe(0);
  });
});
