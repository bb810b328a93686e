import { Logger } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { SandboxEnder, type EndHow } from './sandbox.ender.js';

Logger.overrideLogger(false);

describe('the end of a sandbox', () => {
  let done: string[];
  /** Whether the API server says that the deletion was this one. */
  let answered: boolean;
  beforeEach(() => {
    answered = true;
    done = [];
  });

  /**
   * @param refusal what the deletion meets.
   * @param now what a GET shows after that; an error where it has no answer.
   */
  function ender(refusal?: Error, now?: Pod | Error, tombstone: string | null = 'its-uid'): SandboxEnder {
    const tombstones = {
      record: (_: Pod, cause: string) => {
        done.push(`record ${cause}`);
        return Promise.resolve(tombstone ?? undefined);
      },
      retract: (_: Pod, uid: string) => {
        done.push(`retract ${uid}`);
        return Promise.resolve();
      },
    };
    const writer = {
      delete: (_: Pod, how: EndHow = {}) => {
        done.push(`delete ${JSON.stringify(how)}`);
        return refusal === undefined ? Promise.resolve(answered) : Promise.reject(refusal);
      },
    };
    const confirm = (): Promise<Pod | undefined> => (now instanceof Error ? Promise.reject(now) : Promise.resolve(now));
    return new SandboxEnder(writer, tombstones, { confirm });
  }
  const conflict = new ProblemError('conflict', 'changed');
  const unavailable = new ProblemError('kubernetes_unavailable', 'no answer');
  const how = { onlyUnchanged: true, sendBefore: 1 } as const;

  it('is written down before it comes', async () => {
    expect(await ender().end(aPod(), 'idle', how)).toBe('ended');
    expect(done).toEqual(['record idle', 'delete {"onlyUnchanged":true,"sendBefore":1}']);
  });

  it('is not this call’s where the sandbox was gone already', async () => {
    answered = false;
    expect(await ender().end(aPod(), 'failed')).toBe('gone');
    expect(done).toEqual(['record failed', 'delete {}']);
  });

  for (const [what, error] of [
    ['has changed', conflict],
    ['was not deleted', unavailable],
  ] as const) {
    it(`is taken back where the sandbox ${what} and lives on`, async () => {
      await expect(ender(error, aPod()).end(aPod(), 'idle')).rejects.toBe(error);
      expect(done).toEqual(['record idle', 'delete {}', 'retract its-uid']);
    });

    it(`is not taken back where it ${what} if another manager has written it down`, async () => {
      await expect(ender(error, aPod(), null).end(aPod(), 'idle')).rejects.toBe(error);
      expect(done).toEqual(['record idle', 'delete {}']);
    });

    it(`stays written down where it ${what} and nobody can tell what became of it`, async () => {
      await expect(ender(error, unavailable).end(aPod(), 'idle')).rejects.toBe(error);
      expect(done).toEqual(['record idle', 'delete {}']);
    });

    for (const [state, now] of [
      ['is gone', undefined],
      ['is being deleted', aPod({ deletedAt: '2026-01-01T00:00:01Z' })],
      ['has a successor of the same name', aPod({ uid: 'another' })],
    ] as const) {
      it(`stays written down where it ${what}, as the answer was, but ${state}`, async () => {
        // Who changed it has ended it; a deletion without an answer may have been this one, and counts for nobody.
        expect(await ender(error, now).end(aPod(), 'idle')).toBe(error === unavailable ? 'gone' : 'anothers');
        expect(done).toEqual(['record idle', 'delete {}']);
      });
    }
  }

  it.each([
    ['that is deleted', undefined, undefined],
    ['whose deletion has no answer', unavailable, unavailable],
  ])('is told as nobody’s loss for one that nobody was given, and %s', async (_what, error, now) => {
    await expect(ender(error, now).discard(aPod())).resolves.toBeUndefined();
    expect(done).toEqual(['record discarded', 'delete {}']);
  });
});
