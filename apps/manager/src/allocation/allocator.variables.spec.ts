import { ProblemError } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { aPod, FakeClock } from '@warmbox/testing';
import { SupersededError, type AttemptHandle } from '../idempotency/attempt.handle.js';
import type { Allocation } from './allocator.js';
import { Scene, ALLOCATION } from './fixtures/allocator.scene.js';

const newScene = (): Scene<FakeClock> =>
  new Scene(new FakeClock(), (name) => aPod({ name, pool: 'warm', ready: true }));

describe('an allocation with variables', () => {
  const withVariables: Allocation = { ...ALLOCATION, environmentVariables: { A: '1' } };

  it('has them in force before it answers', async () => {
    const scene = newScene();
    scene.show('a');
    const binding = Promise.withResolvers<undefined>();
    scene.bind = () => binding.promise;
    let isAnswered = false;
    const pod = scene.allocator.allocate(withVariables).finally(() => (isAnswered = true));
    await scene.clock.advance(0);
    expect(isAnswered).toBe(false);
    binding.resolve(undefined);
    expect(nameOf(await pod)).toBe('a');
  });

  it('deletes a sandbox that does not take them, and takes the next one', async () => {
    const scene = newScene();
    scene.show('a', 'b');
    let failures = 1;
    scene.bind = () =>
      failures-- > 0 ? Promise.reject(new ProblemError('executor_unreachable', 'dead')) : Promise.resolve();
    const name = nameOf(await scene.allocator.allocate(withVariables));
    expect([...scene.deleted, name].sort()).toEqual(['a', 'b']);
  });

  it('stops after three such sandboxes', async () => {
    const scene = newScene();
    scene.show('a', 'b', 'c', 'd', 'e');
    scene.bind = () => Promise.reject(new ProblemError('executor_unreachable', 'dead'));
    await expect(scene.allocator.allocate(withVariables)).rejects.toMatchObject({ code: 'executor_unreachable' });
    expect(scene.deleted).toHaveLength(3);
  });

  it('claims nothing that it cannot reach, once an executor has not answered', async () => {
    const scene = newScene();
    scene.show('a', 'b', 'c', 'd', 'e');
    scene.checkRoute = () => Promise.reject(new ProblemError('executor_unreachable', 'no route'));
    await expect(scene.allocator.allocate(withVariables)).rejects.toMatchObject({ code: 'executor_unreachable' });
    expect([scene.claimed, scene.deleted]).toEqual([[], []]);
    scene.checkRoute = () => Promise.resolve();
    await scene.allocator.allocate(withVariables);
    expect(scene.claimed).toHaveLength(1);
  });

  it('leaves the sandbox alone where this manager ends meanwhile', async () => {
    const scene = newScene();
    scene.show('a', 'b');
    scene.bind = () => Promise.reject(new ProblemError('shutting_down', 'ends'));
    await expect(scene.allocator.allocate(withVariables)).rejects.toMatchObject({ code: 'shutting_down' });
    expect([scene.claimed.length, scene.deleted]).toEqual([1, []]);
  });

  describe('for a request with an idempotency key', () => {
    const attemptOf = (
      scene: Scene<FakeClock>,
      exclude: () => Promise<void>,
    ): { attempt: AttemptHandle; told: string[] } => {
      const told: string[] = [];
      const attempt = {
        hash: 'h',
        exclude: (pod: Pod) => {
          told.push(`exclude ${nameOf(pod)} of ${scene.deleted.length} deleted`);
          return exclude();
        },
        leaveForRetry: () => void told.push('leaveForRetry'),
        abandon: () => Promise.resolve(),
      };
      return { attempt, told };
    };

    it('claims with what stands for the request, and says so before it deletes one', async () => {
      const scene = newScene();
      scene.show('a');
      scene.bind = () => Promise.reject(new ProblemError('executor_unreachable', 'dead'));
      const { attempt, told } = attemptOf(scene, () => Promise.resolve());
      await expect(scene.allocator.allocate({ ...withVariables, attempt })).rejects.toMatchObject({
        code: 'pool_empty',
      });
      expect(scene.claimed).toMatchObject([{ claim: { request: 'h' } }]);
      expect([told, scene.deleted]).toEqual([['exclude a of 0 deleted'], ['a']]);
    });

    it('deletes none that another attempt answers with', async () => {
      const scene = newScene();
      scene.show('a', 'b');
      scene.bind = () => Promise.reject(new ProblemError('executor_unreachable', 'dead'));
      const { attempt } = attemptOf(scene, () => Promise.reject(new SupersededError('another has it')));
      await expect(scene.allocator.allocate({ ...withVariables, attempt })).rejects.toThrow(SupersededError);
      expect([scene.claimed.length, scene.deleted]).toEqual([1, []]);
    });

    it('leaves the sandbox to a retry where this manager ends meanwhile', async () => {
      const scene = newScene();
      scene.show('a');
      scene.bind = () => Promise.reject(new ProblemError('shutting_down', 'ends'));
      const { attempt, told } = attemptOf(scene, () => Promise.resolve());
      await expect(scene.allocator.allocate({ ...withVariables, attempt })).rejects.toMatchObject({
        code: 'shutting_down',
      });
      expect([told, scene.deleted]).toEqual([['leaveForRetry'], []]);
    });
  });
});
