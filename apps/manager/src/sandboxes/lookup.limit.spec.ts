import { ProblemError } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { LookupLimit } from './lookup.limit.js';

const miss = (limit: LookupLimit, times: number): void => {
  for (let i = 0; i < times; i += 1) limit.missed({});
};

describe('the limit of lookups', () => {
  it('allows a burst, then refuses until the rate has made up for one', async () => {
    const clock = new FakeClock();
    const limit = new LookupLimit(10, 5, clock);
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
    const limit = new LookupLimit(0.25, 1, new FakeClock());
    miss(limit, 1);
    let thrown: unknown;
    try {
      limit.check();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'rate_limited', status: 429, headers: { 'retry-after': '4' } });
  });

  it('counts a request once, however many have asked by it', () => {
    const limit = new LookupLimit(10, 5, new FakeClock());
    const request = {};
    for (let asking = 0; asking < 100; asking += 1) limit.missed(request);
    expect(() => limit.check()).not.toThrow();
  });

  it('never refuses where everything that is asked for exists', () => {
    const limit = new LookupLimit(1, 1, new FakeClock());
    for (let i = 0; i < 10_000; i += 1) limit.check();
  });

  it('makes up for what went past the limit, but for no more than a burst', async () => {
    const clock = new FakeClock();
    const limit = new LookupLimit(10, 5, clock);
    miss(limit, 1000);
    await clock.advance(599);
    expect(() => limit.check()).toThrow(ProblemError);
    await clock.advance(1);
    expect(() => limit.check()).not.toThrow();
  });

  it('refuses to be made useless', () => {
    expect(() => new LookupLimit(0, 5, new FakeClock())).toThrow(RangeError);
    expect(() => new LookupLimit(1, 0, new FakeClock())).toThrow(RangeError);
    expect(() => new LookupLimit(Number.NaN, 5, new FakeClock())).toThrow(RangeError);
  });
});
