import { Backoff } from './backoff.js';

const delays = (backoff: Backoff, count: number): number[] => Array.from({ length: count }, () => backoff.next());

describe('Backoff', () => {
  it('doubles up to its longest delay and stays there', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000 }, () => 1);
    expect(delays(backoff, 6)).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('spreads each delay over its upper half', () => {
    const options = { initialMs: 100, maxMs: 1000 };
    expect(delays(new Backoff(options, () => 0), 5)).toEqual([50, 100, 200, 400, 500]);
    expect(delays(new Backoff(options, () => 0.5), 2)).toEqual([75, 150]);
  });

  it('grows by another factor if told', () => {
    expect(delays(new Backoff({ initialMs: 1, maxMs: 1000, factor: 10 }, () => 1), 5)).toEqual([
      1, 10, 100, 1000, 1000,
    ]);
  });

  it('begins anew after a success', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000 }, () => 1);
    delays(backoff, 4);
    backoff.reset();
    expect(backoff.next()).toBe(100);
  });

  it('still has a delay after more failures than numbers can be doubled', () => {
    const backoff = new Backoff({ initialMs: 100, maxMs: 1000 }, () => 1);
    expect(delays(backoff, 2000).at(-1)).toBe(1000);
  });
});
