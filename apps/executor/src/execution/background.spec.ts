import { FakeClock } from '@warmbox/testing';
import { ProcessGroup } from '../process/process.group.js';
import { Background } from './background.js';

describe('What commands have left behind', () => {
  let clock: FakeClock;
  /** Processes that live, with their groups; the marked ones all of them. */
  let processes: Map<number, number>;
  let running: ProcessGroup[];
  let aliveAt: number[];
  /** How often all processes were looked through. */
  let scans: number;
  let background: Background;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new Map();
    running = [];
    aliveAt = [];
    scans = 0;
    background = new Background({
      processes: {
        outside: (groups) => {
          scans += 1;
          return [...processes].filter(([, group]) => !groups.has(group)).map(([pid]) => pid);
        },
        isAlive: (pid) => processes.has(pid),
      },
      clock,
      running: () => running,
      onAlive: () => aliveAt.push(clock.monotonic()),
    });
  });

  /** The group of a command whose leader has been reaped. */
  function endedGroup(pid: number): ProcessGroup {
    const kill = (id: number): void => {
      if (![...processes.values()].includes(-id)) throw Object.assign(new Error('nobody'), { code: 'ESRCH' });
    };
    const group = new ProcessGroup(pid, 1_000, clock, kill);
    group.leaderReaped();
    return group;
  }

  it('is nothing where a command has left nothing, and then nobody looks again', async () => {
    background.commandEnded(endedGroup(7));
    await clock.advance(10_000);
    expect([background.count(), aliveAt, clock.waiting]).toEqual([0, [], 0]);
  });

  it('is told as long as a process lives that has left its group, though nobody asks, and not longer', async () => {
    processes.set(20, 20);
    background.commandEnded(endedGroup(7));
    await clock.advance(59_900);
    processes.delete(20);
    await clock.advance(60_000);
    expect(aliveAt.at(-1)).toBeGreaterThan(59_000);
    expect(aliveAt.at(-1)).toBeLessThan(60_500);
    expect(background.count()).toBe(0);
  });

  it('is looked through as a whole only when the known ones are gone', async () => {
    processes.set(20, 20);
    background.commandEnded(endedGroup(7));
    await clock.advance(60_000);
    expect(scans).toBe(1);
    processes.delete(20);
    processes.set(21, 21);
    await clock.advance(60_000);
    expect(scans).toBe(2);
    expect(aliveAt.at(-1)).toBeGreaterThan(119_000);
  });

  it('counts a group once, however many live in it, and the processes that have left one', () => {
    for (const pid of [8, 9]) processes.set(pid, 7);
    background.commandEnded(endedGroup(7));
    expect(background.count()).toBe(1);
    processes.set(20, 20);
    expect(background.count()).toBe(2);
  });

  it('does not count the processes of commands that run', () => {
    running = [new ProcessGroup(30, 1_000, clock)];
    processes.set(30, 30).set(31, 30);
    expect(background.count()).toBe(0);
  });

  it('is not looked for while a command runs, whose end is, and tells of all that was left before', async () => {
    processes.set(20, 20);
    running = [new ProcessGroup(30, 1_000, clock)];
    for (let count = 0; count < 100; count += 1) {
      background.commandEnded(endedGroup(100 + count));
      await clock.advance(100);
    }
    await clock.advance(60_000);
    expect([scans, clock.waiting]).toEqual([0, 0]);
    running = [];
    background.commandEnded(endedGroup(30));
    await clock.advance(1_000);
    expect([scans, background.count()]).toEqual([1, 1]);
    expect(aliveAt.length).toBeGreaterThan(0);
  });

  it('is noticed when it is asked for, and told from then on', async () => {
    processes.set(20, 20);
    expect(background.count()).toBe(1);
    await clock.advance(1_000);
    expect(aliveAt.length).toBeGreaterThan(0);
  });

  it('gives the groups that live when it ends, and looks no more', () => {
    processes.set(8, 7);
    const group = endedGroup(7);
    background.commandEnded(group);
    background.commandEnded(endedGroup(6));
    expect(background.stop()).toEqual([group]);
    expect(clock.waiting).toBe(0);
    background.commandEnded(endedGroup(5));
    expect(clock.waiting).toBe(0);
  });
});
