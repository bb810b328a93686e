import { ProblemError, Shutdown } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import type { ExecutorRequest } from '../executors/executor.client.js';
import { SessionBinder } from './session.binder.js';

describe('SessionBinder', () => {
  const VARIABLES = { A: '1' };
  const pod = aPod({ ready: true });
  let asked: ExecutorRequest[];
  let fails: ProblemError | undefined;
  let clock: FakeClock;
  let shutdown: Shutdown;
  let binder: SessionBinder;

  beforeEach(() => {
    asked = [];
    fails = undefined;
    clock = new FakeClock();
    shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, clock);
    const executors = {
      ask: (_: unknown, request: ExecutorRequest) => {
        asked.push(request);
        return fails === undefined ? Promise.resolve('{}') : Promise.reject(fails);
      },
    };
    binder = new SessionBinder(executors, shutdown);
  });

  const refusedWith = async (code: ProblemError['code']): Promise<boolean> => {
    fails = new ProblemError(code, code);
    await expect(binder.bind(pod, VARIABLES)).rejects.toBe(fails);
    return isInDoubt();
  };
  /** Whether it asks before it takes a sandbox. */
  const isInDoubt = async (): Promise<boolean> => {
    const before = asked.length;
    await binder.checkRoute(pod, VARIABLES).catch(() => undefined);
    return asked.length > before;
  };

  it('gives the executor all variables at once', async () => {
    await binder.bind(pod, { A: '1', B: '$2' });
    expect(asked).toMatchObject([
      { method: 'PUT', path: '/api/environment', body: '{"environmentVariables":{"A":"1","B":"$2"}}' },
    ]);
    expect(await isInDoubt()).toBe(false);
  });

  it('asks nothing of an executor that is to have none', async () => {
    for (const none of [undefined, {}]) await binder.bind(pod, none);
    expect(asked).toEqual([]);
  });

  it.each(['executor_unreachable', 'executor_timeout', 'not_ready'] as const)(
    'doubts that it reaches anybody after %s, until somebody has answered',
    async (code) => {
      expect(await refusedWith(code)).toBe(true);
      await expect(binder.checkRoute(pod, VARIABLES)).rejects.toBe(fails);
      asked = [];
      await binder.checkRoute(pod, undefined);
      expect(asked).toEqual([]);
      fails = undefined;
      await binder.checkRoute(pod, VARIABLES);
      expect(asked).toMatchObject([{ method: 'GET', path: '/api/activity' }]);
      expect(await isInDoubt()).toBe(false);
    },
  );

  it('does not doubt it where an executor has refused', async () => {
    expect(await refusedWith('conflict')).toBe(false);
  });

  it('does not doubt it where this manager ends', async () => {
    void shutdown.run();
    await clock.advance(0);
    expect(shutdown.signal.aborted).toBe(true);
    expect(await refusedWith('executor_unreachable')).toBe(false);
  });
});
