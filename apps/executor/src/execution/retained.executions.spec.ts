import { FakeClock } from '@warmbox/testing';
import { RetainedExecutions } from './retained.executions.js';

const MINUTE = 60_000;

/** An ended execution, as far as it matters here. */
class Ended {
  isRead = false;
  readonly log = { size: 0, clear: () => void (this.log.size = 0) };

  constructor(
    readonly id: string,
    size = 0,
  ) {
    this.log.size = size;
  }
}

describe('RetainedExecutions', () => {
  let clock: FakeClock;
  let retained: RetainedExecutions<Ended>;
  beforeEach(() => {
    clock = new FakeClock();
    retained = new RetainedExecutions(10 * MINUTE, 100, clock);
  });
  const ids = (): string[] => retained.all().map(({ id }) => id);

  it('keeps each for its time and no longer, with one timer for all', async () => {
    retained.add(new Ended('a'));
    await clock.advance(4 * MINUTE);
    retained.add(new Ended('b'));
    expect(clock.waiting).toBe(1);
    await clock.advance(6 * MINUTE - 1);
    expect(ids()).toEqual(['a', 'b']);
    await clock.advance(1);
    expect(ids()).toEqual(['b']);
    expect(retained.get('a')).toBeUndefined();
    await clock.advance(4 * MINUTE);
    expect(ids()).toEqual([]);
    expect(clock.waiting).toBe(0);
    retained.add(new Ended('c'));
    await clock.advance(10 * MINUTE);
    expect(ids()).toEqual([]);
  });

  it('takes the output of the oldest where all together is too much, and leaves their results', () => {
    const [a, b, c] = [new Ended('a', 40), new Ended('b', 40), new Ended('c', 40)];
    for (const ended of [a, b, c]) retained.add(ended);
    expect([a.log.size, b.log.size, c.log.size]).toEqual([0, 40, 40]);
    expect(ids()).toEqual(['a', 'b', 'c']);
  });

  it('counts the output of those no more whose time is over', async () => {
    retained.add(new Ended('a', 90));
    await clock.advance(10 * MINUTE);
    const [b, c] = [new Ended('b', 50), new Ended('c', 50)];
    for (const ended of [b, c]) retained.add(ended);
    expect([b.log.size, c.log.size]).toEqual([50, 50]);
  });

  it('leaves what somebody still reads, until that is over', () => {
    const [a, b] = [new Ended('a', 90), new Ended('b', 90)];
    a.isRead = b.isRead = true;
    retained.add(a);
    retained.add(b);
    expect([a.log.size, b.log.size]).toEqual([90, 90]);
    a.isRead = false;
    retained.trim();
    expect([a.log.size, b.log.size]).toEqual([0, 90]);
  });

  it('keeps the newest thousand', () => {
    for (let index = 0; index < 1005; index += 1) retained.add(new Ended(String(index)));
    expect(ids()).toHaveLength(1000);
    expect(ids()[0]).toBe('5');
  });
});
