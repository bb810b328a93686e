import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { KeyedManagers, nameOf, namesOf } from './fixtures/keyed.managers.js';
import { SupersededError } from './attempt.handle.js';

describe('a request of which an attempt has come to grief', () => {
  let managers: KeyedManagers;
  beforeEach(() => (managers = new KeyedManagers()));
  afterEach(() => managers.expectRest());

  const never = (): Promise<Pod> => new Promise(() => undefined);
  /** An attempt whose manager is killed at a moment: its record stays, and nobody renews it. */
  async function killed(through: number, work: () => Promise<Pod>): Promise<void> {
    managers.carryOut = work;
    void managers.send(through).catch(() => undefined);
    await managers.clock.advance(0);
    managers.killAll();
    managers.carryOut = (number) => Promise.resolve(managers.give(number));
  }

  describe('whose manager was killed', () => {
    it('before the claim is taken over after half a minute, and not before', async () => {
      await killed(0, never);
      const retry = managers.send(1);
      await managers.clock.advance(29_000);
      expect(managers.begun).toHaveLength(1);
      await managers.clock.advance(2_500);
      expect(nameOf(await retry)).toBe('pod-2');
      expect(managers.api.records).toMatchObject([{ pod: 'pod-2' }]);
    });

    it('before the claim is taken over by one of many', async () => {
      await killed(0, never);
      const retries = Array.from({ length: 9 }, (_, index) => managers.send(index % 3));
      await managers.clock.advance(35_000);
      expect(await namesOf(retries)).toEqual(new Set(['pod-2']));
      expect(managers.begun).toHaveLength(2);
    });

    it('after the claim has the sandbox of that claim, rebound, and no other', async () => {
      await killed(0, () => {
        managers.give(1);
        return never();
      });
      const retries = [managers.send(1), managers.send(2), managers.send(1)];
      await managers.clock.advance(4_000);
      expect(await namesOf(retries)).toEqual(new Set(['pod-1']));
      expect([managers.begun.length, new Set(managers.rebound)]).toEqual([1, new Set(['pod-1'])]);
    });

    it('after the claim long ago has the sandbox of that claim, and no other', async () => {
      await killed(0, () => {
        managers.give(1);
        return never();
      });
      await managers.clock.advance(3_600_000);
      const retries = [managers.send(1), managers.send(2)];
      await managers.clock.advance(4_000);
      expect(await namesOf(retries)).toEqual(new Set(['pod-1']));
      expect(managers.begun).toHaveLength(1);
    });

    it('after the claim has another sandbox where that one is no use', async () => {
      await killed(0, () => {
        managers.give(1);
        return never();
      });
      managers.rebind = () => Promise.reject(new ProblemError('executor_unreachable', 'dead'));
      const retry = managers.send(1);
      await managers.clock.advance(4_000);
      expect(nameOf(await retry)).toBe('pod-2');
      expect(managers.discarded).toEqual(['pod-1']);
    });

    it('is taken over although that manager’s clock was far ahead', async () => {
      await killed(0, never);
      managers.api.change({ renewedAt: '2027-01-01T00:00:00.000Z' } as object);
      const retry = managers.send(1);
      await managers.clock.advance(33_000);
      expect(nameOf(await retry)).toBe('pod-2');
    });
  });

  describe('that two attempts work at', () => {
    it('has the sandbox of the one that settles first; the other gives its own back', async () => {
      const slow = Promise.withResolvers<Pod>();
      managers.carryOut = (number) => (number === 1 ? slow.promise : Promise.resolve(managers.give(number)));
      const first = managers.send(0);
      await managers.clock.advance(0);
      // Its manager was stopped for so long that it counts as dead.
      managers.api.change({ renewedAt: '2025-01-01T00:00:00.000Z' } as object);
      const second = managers.send(1);
      await managers.clock.advance(0);
      expect(nameOf(await second)).toBe('pod-2');
      slow.resolve(managers.give(1));
      await managers.clock.advance(1_000);
      expect(nameOf(await first)).toBe('pod-2');
      expect(managers.discarded).toEqual(['pod-1']);
    });

    it('has the sandbox of the one that was overtaken where the other has adopted it', async () => {
      const slow = Promise.withResolvers<Pod>();
      managers.carryOut = () => slow.promise;
      const first = managers.send(0);
      await managers.clock.advance(0);
      const pod = managers.give(1);
      managers.api.change({ renewedAt: '2025-01-01T00:00:00.000Z' } as object);
      expect(nameOf(await managers.send(1))).toBe('pod-1');
      slow.resolve(pod);
      await managers.clock.advance(2_000);
      expect(nameOf(await first)).toBe('pod-1');
      expect([managers.begun.length, managers.discarded]).toEqual([1, []]);
    });

    it('has the sandbox of the one that was overtaken where the other is about to adopt it', async () => {
      const [slow, rebinding] = [Promise.withResolvers<Pod>(), Promise.withResolvers<undefined>()];
      managers.carryOut = () => slow.promise;
      managers.rebind = () => rebinding.promise;
      const first = managers.send(0);
      await managers.clock.advance(0);
      const pod = managers.give(1);
      managers.api.change({ renewedAt: '2025-01-01T00:00:00.000Z' } as object);
      const second = managers.send(1);
      await managers.clock.advance(0);
      expect(managers.rebound).toEqual(['pod-1']);
      slow.resolve(pod);
      await managers.clock.advance(0);
      rebinding.resolve(undefined);
      await managers.clock.advance(2_000);
      expect(await namesOf([first, second])).toEqual(new Set(['pod-1']));
      expect([managers.begun.length, managers.discarded]).toEqual([1, []]);
    });

    it('never has a sandbox that was excluded by the one that took over, although the other thinks it good', async () => {
      const [slow, second] = [Promise.withResolvers<Pod>(), Promise.withResolvers<Pod>()];
      managers.carryOut = (number) => (number === 1 ? slow.promise : second.promise);
      managers.rebind = () => Promise.reject(new ProblemError('executor_unreachable', 'dead'));
      const first = managers.send(0);
      await managers.clock.advance(0);
      const pod = managers.give(1);
      managers.api.change({ renewedAt: '2025-01-01T00:00:00.000Z' } as object);
      const other = managers.send(1);
      await managers.clock.advance(0);
      expect(managers.begun).toHaveLength(2);
      slow.resolve(pod);
      await managers.clock.advance(1_000);
      // The one that excluded it may have ended before it could delete it.
      expect(managers.discarded).toEqual(['pod-1', 'pod-1']);
      second.resolve(managers.give(2));
      await managers.clock.advance(2_000);
      expect(await namesOf([first, other])).toEqual(new Set(['pod-2']));
    });

    it('does not give back a sandbox that the record may come to name', async () => {
      const slow = Promise.withResolvers<Pod>();
      managers.carryOut = () => slow.promise;
      const first = managers.send(0);
      await managers.clock.advance(0);
      // Others change the record all the time.
      managers.api.fail('replace', { isContended: true, times: 5 });
      slow.resolve(managers.give(1));
      await managers.clock.advance(6_000);
      expect(nameOf(await first)).toBe('pod-1');
      expect([managers.begun.length, managers.discarded]).toEqual([1, []]);
    });

    it('keeps a sandbox that was adopted from one who wants to delete it', async () => {
      const binding = Promise.withResolvers<undefined>();
      managers.carryOut = async (number, attempt) => {
        const pod = managers.give(number);
        await binding.promise;
        // What it bound did not work, as far as it knows.
        await attempt.exclude(pod);
        managers.pods.delete(nameOf(pod));
        throw new ProblemError('executor_unreachable', 'dead');
      };
      const first = managers.send(0);
      await managers.clock.advance(0);
      const second = managers.send(1);
      await managers.clock.advance(4_000);
      expect(nameOf(await second)).toBe('pod-1');
      binding.resolve(undefined);
      await managers.clock.advance(1_000);
      expect(nameOf(await first)).toBe('pod-1');
      expect([...managers.pods.keys()]).toEqual(['pod-1']);
    });

    it('does not answer with a sandbox that is excluded while it is adopted', async () => {
      const [working, rebinding] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
      managers.carryOut = async (number, attempt) => {
        const pod = managers.give(number);
        await working.promise;
        await attempt.exclude(pod);
        managers.pods.delete(nameOf(pod));
        return managers.give(9);
      };
      managers.rebind = () => rebinding.promise;
      const first = managers.send(0);
      await managers.clock.advance(0);
      const second = managers.send(1);
      await managers.clock.advance(3_000);
      expect(managers.rebound).toEqual(['pod-1']);
      working.resolve(undefined);
      await managers.clock.advance(0);
      rebinding.resolve(undefined);
      await managers.clock.advance(2_000);
      expect(await namesOf([first, second])).toEqual(new Set(['pod-9']));
    });

    it('goes on with the second where the first fails after that has taken over', async () => {
      const [slow, second] = [Promise.withResolvers<Pod>(), Promise.withResolvers<Pod>()];
      managers.carryOut = (number) => (number === 1 ? slow.promise : second.promise);
      const failing = managers.send(0);
      failing.catch(() => undefined);
      await managers.clock.advance(0);
      managers.api.change({ renewedAt: '2025-01-01T00:00:00.000Z' } as object);
      const going = managers.send(1);
      await managers.clock.advance(0);
      expect(managers.begun).toHaveLength(2);
      slow.reject(new ProblemError('pool_empty', 'none'));
      await managers.clock.advance(0);
      await expect(failing).rejects.toMatchObject({ code: 'pool_empty' });
      const third = managers.send(2);
      second.resolve(managers.give(2));
      await managers.clock.advance(2_000);
      expect(await namesOf([going, third])).toEqual(new Set(['pod-2']));
      expect(managers.begun).toHaveLength(2);
    });

    it('never adopts a sandbox that was excluded', async () => {
      const working = Promise.withResolvers<undefined>();
      managers.carryOut = async (number, attempt) => {
        await attempt.exclude(managers.give(number));
        // It is deleted only now.
        await working.promise;
        return managers.give(9);
      };
      const first = managers.send(0);
      await managers.clock.advance(0);
      const second = managers.send(1);
      await managers.clock.advance(5_000);
      working.resolve(undefined);
      await managers.clock.advance(2_000);
      expect(await namesOf([first, second])).toEqual(new Set(['pod-9']));
      expect(managers.rebound).not.toContain('pod-1');
    });
  });

  it('tells one whose attempt was overtaken so, when it wants to drop a sandbox', async () => {
    let excluding: Promise<void> | undefined;
    managers.carryOut = (number, attempt) => {
      const pod = managers.give(number);
      managers.api.change({ attempt: 'another' });
      excluding = attempt.exclude(pod);
      excluding.catch(() => undefined);
      return never();
    };
    void managers.send(0);
    await managers.clock.advance(1_000);
    await expect(excluding).rejects.toThrow(SupersededError);
    managers.killAll();
  });
});
