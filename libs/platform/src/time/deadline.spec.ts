import { FakeClock } from '@warmbox/testing';
import { Deadline, DeadlineError } from './deadline.js';

describe('Deadline', () => {
  it('aborts when its time is up', async () => {
    const clock = new FakeClock();
    const deadline = new Deadline(100, clock);
    await clock.advance(99);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.reason).toBeInstanceOf(DeadlineError);
    expect(deadline.passed).toBe(true);
  });

  it("aborts with the other signal's reason, and has not passed then", () => {
    const outer = new AbortController();
    const deadline = new Deadline(100, new FakeClock(), outer.signal);
    const reason = new Error('the reason');
    outer.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
    expect(deadline.passed).toBe(false);
  });

  it('is aborted from the start where the other signal is', () => {
    const reason = new Error('the reason');
    expect(new Deadline(100, new FakeClock(), AbortSignal.abort(reason)).signal.reason).toBe(reason);
  });

  it('takes another time, or none, from now on, and listens to the other signal all the while', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    const deadline = new Deadline(100, clock, outer.signal);
    await clock.advance(90);
    deadline.renew(100);
    await clock.advance(90);
    deadline.renew(undefined);
    await clock.advance(1_000);
    expect([deadline.signal.aborted, clock.waiting]).toEqual([false, 0]);
    deadline.renew(10);
    await clock.advance(10);
    expect(deadline.passed).toBe(true);
    const other = new Deadline(100, clock, outer.signal);
    other.renew(undefined);
    outer.abort();
    expect(other.signal.aborted).toBe(true);
  });

  it('leaves no timer and no listener behind once it is released', async () => {
    const clock = new FakeClock();
    const outer = new AbortController();
    const deadline = new Deadline(100, clock, outer.signal);
    deadline.release();
    expect(clock.waiting).toBe(0);
    outer.abort();
    await clock.advance(100);
    expect(deadline.signal.aborted).toBe(false);
  });
});
