import { openSync } from 'node:fs';
import { FakeClock } from '@warmbox/testing';
import { InotifyQueue } from './inotify.js';
import { SystemCallError } from './libc.js';

/** As much as one read gives where programs write without end. */
const FULL = 65_536;

describe('a queue of what the kernel tells of files', () => {
  let clock: FakeClock;
  /** How often there is something to read. */
  let left: number;
  /** How many reads each look has taken. */
  let looks: number[];
  let announce: (() => void) | undefined;
  let queue: InotifyQueue;

  beforeEach(() => {
    clock = new FakeClock();
    left = 0;
    looks = [];
    announce = undefined;
    queue = new InotifyQueue(
      openSync('/dev/null', 'r'),
      { add: () => 1, remove: () => 0, read: () => ((left -= 1) >= 0 ? FULL : -1) },
      { refusal: (name) => new SystemCallError(name, 1) },
      { arm: (_descriptor, task) => void (announce = task), disarm: () => void (announce = undefined) },
      clock,
      () => looks.push([...queue.read()].length),
    );
  });
  afterEach(() => queue.close());

  it('is read a little at a time, with pauses for others, where it fills faster', async () => {
    left = 1_000;
    announce?.();
    expect(looks).toHaveLength(1);
    await clock.advance(1_000);
    expect(Math.max(...looks)).toBeLessThanOrEqual(2);
    expect(looks.reduce((sum, reads) => sum + reads, 0)).toBeGreaterThan(200);
  });

  it('is read to its end without another announcement', async () => {
    left = 10;
    announce?.();
    await clock.advance(100);
    expect(looks.reduce((sum, reads) => sum + reads, 0)).toBe(10);
    expect(announce).toBeDefined();
  });

  it('is looked at without an announcement too, which an older gVisor does not make', async () => {
    left = 1;
    await clock.advance(1_000);
    expect(looks.reduce((sum, reads) => sum + reads, 0)).toBe(1);
  });
});
