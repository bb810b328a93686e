import { ProblemError, Shutdown } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import type { ExecutorClient, ExecutorRequest } from '../executors/executor.client.js';
import { SessionBinder } from './session.binder.js';

describe('SessionBinder', () => {
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
    binder = new SessionBinder(executors as unknown as ExecutorClient, shutdown);
  });

  const refusedWith = async (code: ProblemError['code']): Promise<boolean> => {
    fails = new ProblemError(code, code);
    await expect(binder.bind(pod, { A: '1' })).rejects.toBe(fails);
    return binder.isInDoubt;
  };

  it('gives the executor all variables at once', async () => {
    await binder.bind(pod, { A: '1', B: '$2' });
    expect(asked).toMatchObject([
      { method: 'PUT', path: '/api/environment', body: '{"environmentVariables":{"A":"1","B":"$2"}}' },
    ]);
    expect(binder.isInDoubt).toBe(false);
  });

  it.each(['executor_unreachable', 'executor_timeout', 'not_ready'] as const)(
    'doubts that it reaches anybody after %s, until somebody has answered',
    async (code) => {
      expect(await refusedWith(code)).toBe(true);
      await expect(binder.reach(pod)).rejects.toBe(fails);
      expect(binder.isInDoubt).toBe(true);
      fails = undefined;
      await binder.reach(pod);
      expect(binder.isInDoubt).toBe(false);
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
