import { FakeClock } from '@warmbox/testing';
import { TerminalInput } from './terminal.input.js';

describe('What is typed at a terminal', () => {
  let clock: FakeClock;
  /** What the terminal takes before it takes no more. */
  let room: number;
  let typed: string;
  let attempts: number;
  let told: boolean[];
  let input: TerminalInput;
  beforeEach(() => {
    clock = new FakeClock();
    room = Infinity;
    typed = '';
    attempts = 0;
    told = [];
    input = new TerminalInput(
      (bytes) => {
        attempts += 1;
        const taken = bytes.subarray(0, Math.min(bytes.length, room));
        room -= taken.length;
        typed += Buffer.from(taken).toString();
        return taken.length;
      },
      (isFull) => told.push(isFull),
      clock,
    );
  });

  const push = (text: string): void => input.push(Buffer.from(text));

  it('goes to the program at once, and arms nothing', () => {
    push('ls\n');
    expect([typed, clock.waiting, told]).toEqual(['ls\n', 0, []]);
  });

  it('waits in its order where the program takes only a part, and goes on where it stopped', async () => {
    room = 4;
    push('abcdef');
    push('gh');
    expect(typed).toBe('abcd');
    room = 3;
    await clock.advance(50);
    expect(typed).toBe('abcdefg');
    room = 9;
    await clock.advance(50);
    expect([typed, clock.waiting]).toEqual(['abcdefgh', 0]);
  });

  it('is tried ever more seldom while nothing is taken, and soon again once something was', async () => {
    room = 0;
    push('abc');
    await clock.advance(10_000);
    expect(attempts).toBeLessThan(220);
    expect(clock.nextIn).toBeLessThanOrEqual(50);
    room = 1;
    await clock.advance(clock.nextIn!);
    expect([typed, clock.nextIn]).toEqual(['a', 2]);
  });

  it('goes in pieces of 4 KiB, the next when there is an echo of it to be read, or after 5 ms', async () => {
    push('x'.repeat(10_000));
    expect([typed.length, clock.nextIn]).toEqual([4_096, 5]);
    input.retry();
    expect(typed.length).toBe(8_192);
    await clock.advance(5);
    expect([typed.length, clock.waiting]).toEqual([10_000, 0]);
  });

  it('is tried at once when the program has printed something', () => {
    room = 0;
    push('abc');
    room = 3;
    input.retry();
    expect([typed, clock.waiting]).toEqual(['abc', 0]);
  });

  it('asks viewers to wait while more than 64 KiB of it wait, and lets them go on after', async () => {
    room = 0;
    push('x'.repeat(65_536));
    expect([told, input.full]).toEqual([[], false]);
    push('y');
    expect([told, input.full]).toEqual([[true], true]);
    room = 2;
    await clock.advance(50);
    expect(told).toEqual([true, false]);
  });

  it('is dropped when nobody reads it any more', async () => {
    room = 0;
    push('x'.repeat(70_000));
    input.close();
    expect([told, clock.waiting]).toEqual([[true, false], 0]);
    room = Infinity;
    push('late');
    await clock.advance(1_000);
    expect(typed).toBe('');
  });
});
