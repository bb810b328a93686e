import { FakeClock } from '@warmbox/testing';
import { retry, type RetryOptions } from './retry.js';

describe('retry', () => {
  const DELAYS = { initialMs: 100, maxMs: 400 };
  let clock: FakeClock;
  let calls: number[];

  beforeEach(() => {
    clock = new FakeClock();
    calls = [];
  });

  /** Fails so many times, then succeeds; with full delays. */
  function failing(times: number, options: Partial<RetryOptions> = {}): Promise<string> {
    const work = (): Promise<string> => {
      calls.push(clock.monotonic());
      return calls.length <= times ? Promise.reject(new Error(`failure ${calls.length}`)) : Promise.resolve('done');
    };
    const result = retry(work, { delays: DELAYS, clock, random: () => 1, ...options });
    result.catch(() => undefined);
    return result;
  }

  it('begins at once, and is over at the first success', async () => {
    expect(await failing(0)).toBe('done');
    expect([calls, clock.waiting]).toEqual([[0], 0]);
  });

  it('goes on for ever, after pauses that grow up to the longest', async () => {
    const result = failing(5);
    await clock.advance(2_000);
    expect(await result).toBe('done');
    expect(calls).toEqual([0, 100, 300, 700, 1_100, 1_500]);
  });

  it('throws the last failure after so many attempts', async () => {
    const result = failing(9, { attempts: 3 });
    await clock.advance(2_000);
    await expect(result).rejects.toThrow('failure 3');
    expect([calls.length, clock.waiting]).toEqual([3, 0]);
  });

  it('asks after each failure, the last one too, whether to go on', async () => {
    const asked: [string, number][] = [];
    const when = (error: unknown, attempt: number): boolean => {
      asked.push([(error as Error).message, attempt]);
      return attempt < 2;
    };
    const stopped = failing(9, { when });
    await clock.advance(2_000);
    await expect(stopped).rejects.toThrow('failure 2');
    calls = [];
    const spent = failing(9, { when, attempts: 1 });
    await expect(spent).rejects.toThrow('failure 1');
    expect(asked).toEqual([
      ['failure 1', 1],
      ['failure 2', 2],
      ['failure 1', 1],
    ]);
  });

  it('ends with what is thrown by the one who is asked', async () => {
    const when = (): Promise<boolean> => Promise.reject(new Error('enough'));
    await expect(failing(9, { when })).rejects.toThrow('enough');
    expect(calls).toHaveLength(1);
  });

  it('ends a pause with the reason of the signal, and begins nothing where that has aborted', async () => {
    const giving = new AbortController();
    const result = failing(9, { signal: giving.signal });
    await clock.advance(50);
    giving.abort(new Error('no more'));
    await expect(result).rejects.toThrow('no more');
    await expect(failing(0, { signal: giving.signal })).rejects.toThrow('no more');
    expect([calls, clock.waiting]).toEqual([[0], 0]);
  });
});
