import { FakeClock } from '@warmbox/testing';
import { OutputDrain } from './output.drain.js';

describe('OutputDrain', () => {
  let clock: FakeClock;
  let over: number;
  let polls: (() => void)[];
  let drain: OutputDrain;
  const poll = (): void => polls.splice(0).forEach((task) => task());
  const advance = async (ms: number): Promise<void> => {
    await clock.advance(ms);
    poll();
  };
  beforeEach(() => {
    clock = new FakeClock();
    over = 0;
    polls = [];
    drain = new OutputDrain(
      clock,
      () => (over += 1),
      (task) => polls.push(task),
    );
    drain.run();
  });

  it('is over at once when the pipes are closed', () => {
    drain.finish();
    expect(over).toBe(1);
    expect(clock.waiting).toBe(0);
  });

  it('is over after 50 ms without output', async () => {
    await advance(49);
    expect(over).toBe(0);
    await advance(1);
    expect(over).toBe(1);
  });

  it('goes on while output comes, for a second', async () => {
    for (let ms = 0; ms < 960; ms += 40) {
      drain.outputRead();
      await advance(40);
      expect(over).toBe(0);
    }
    drain.outputRead();
    await advance(40);
    expect(over).toBe(1);
  });

  it('looks at the pipes once more when its time is up: a busy process may not have read yet', async () => {
    await clock.advance(50);
    drain.outputRead();
    poll();
    expect(over).toBe(0);
    await advance(50);
    expect(over).toBe(1);
  });

  it('does not count time in which reading is paused', async () => {
    await advance(40);
    drain.pause();
    await advance(100_000);
    expect(over).toBe(0);
    drain.run();
    await advance(49);
    expect(over).toBe(0);
    await advance(1);
    expect(over).toBe(1);
  });

  it('has one second in all, however often it is paused', async () => {
    for (let turn = 0; turn < 24; turn += 1) {
      await advance(40);
      drain.pause();
      drain.run();
    }
    expect(over).toBe(0);
    await advance(40);
    expect(over).toBe(1);
  });

  it('is over once only', async () => {
    drain.finish();
    drain.finish();
    drain.run();
    await advance(5_000);
    expect(over).toBe(1);
  });
});
