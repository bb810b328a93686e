import { ProblemError } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { ConfirmLimit } from './confirm.limit.js';

const miss = (limit: ConfirmLimit, times: number): void => {
  for (let i = 0; i < times; i += 1) limit.missed();
};

describe('ConfirmLimit', () => {
  it('allows a burst, then refuses until the rate has made up for one', async () => {
    const clock = new FakeClock();
    const limit = new ConfirmLimit(10, 5, clock);
    miss(limit, 4);
    expect(() => limit.check()).not.toThrow();
    miss(limit, 1);
    expect(() => limit.check()).toThrow(ProblemError);
    await clock.advance(99);
    expect(() => limit.check()).toThrow('names that do not exist');
    await clock.advance(1);
    expect(() => limit.check()).not.toThrow();
  });

  it('answers 429 and says when to come back', () => {
    const limit = new ConfirmLimit(0.25, 1, new FakeClock());
    miss(limit, 1);
    let thrown: unknown;
    try {
      limit.check();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'rate_limited', status: 429, headers: { 'retry-after': '4' } });
  });

  it('never refuses where everything that is asked for exists', () => {
    const limit = new ConfirmLimit(1, 1, new FakeClock());
    for (let i = 0; i < 10_000; i += 1) limit.check();
  });

  it('makes up for what went past the limit, but for no more than a burst', async () => {
    const clock = new FakeClock();
    const limit = new ConfirmLimit(10, 5, clock);
    miss(limit, 1000);
    await clock.advance(599);
    expect(() => limit.check()).toThrow(ProblemError);
    await clock.advance(1);
    expect(() => limit.check()).not.toThrow();
  });

  it('refuses to be made useless', () => {
    expect(() => new ConfirmLimit(0, 5, new FakeClock())).toThrow(RangeError);
    expect(() => new ConfirmLimit(1, 0, new FakeClock())).toThrow(RangeError);
    expect(() => new ConfirmLimit(Number.NaN, 5, new FakeClock())).toThrow(RangeError);
  });
});
