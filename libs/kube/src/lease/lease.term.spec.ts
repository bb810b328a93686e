import { FakeClock } from '@warmbox/testing';
import { LeadershipLostError, LeaseTerm } from './lease.term.js';

/** A clock whose timers fire a little early, as Node's may. */
class EarlyClock extends FakeClock {
  override after(...[ms, task]: Parameters<FakeClock['after']>): ReturnType<FakeClock['after']> {
    return super.after(ms > 1 ? ms - 1 : ms, task);
  }
}

describe('a term of leading', () => {
  it('lasts until its time, also where a timer fires early', async () => {
    const clock = new EarlyClock();
    const term = new LeaseTerm(2_000, clock, () => undefined);
    await clock.advance(1_999);
    expect(term.isLeading).toBe(true);
    await clock.advance(1);
    expect(term.signal.reason).toBeInstanceOf(LeadershipLostError);
    expect(clock.waiting).toBe(0);
  });

  it('is over for good once its time has passed, though a renewal is answered before a timer fires', () => {
    const clock = new FakeClock();
    const term = new LeaseTerm(2_000, clock, () => undefined);
    // SIGSTOP: the clock goes on and no timer fires.
    clock.monotonic = () => 2_200;
    term.extend(2_400);
    expect([term.isLeading, clock.waiting]).toEqual([false, 0]);
  });
});
