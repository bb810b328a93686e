import { FakeClock } from '@warmbox/testing';
import { EscapedProcesses } from './escaped.processes.js';
import type { Marked } from './marked.processes.js';

describe('Processes that have left the group of their command', () => {
  let clock: FakeClock;
  let processes: Map<number, { group: number; ignoresTerm?: boolean; parentOf?: number }>;
  let sent: string[];
  let looks: number;
  let escaped: EscapedProcesses;

  beforeEach(() => {
    clock = new FakeClock();
    processes = new Map();
    sent = [];
    looks = 0;
    escaped = new EscapedProcesses({
      each: async (visit: (process: Marked) => void) => {
        looks += 1;
        for (const [pid, { group }] of [...processes]) visit({ pid, group });
        await Promise.resolve();
      },
      isReached: (group) => group === 7,
      clock,
      kill: (pid, signal) => {
        const found = processes.get(pid);
        if (found === undefined) throw Object.assign(new Error('ESRCH'), { code: 'ESRCH' });
        sent.push(`${pid} ${String(signal)}`);
        if (found.parentOf !== undefined) processes.set(found.parentOf, { group: found.parentOf });
        if (signal === 'SIGKILL' || found.ignoresTerm !== true) processes.delete(pid);
      },
    });
  });

  it('get SIGTERM, all of them, and those in the group get theirs from the group', async () => {
    for (let pid = 100; pid < 400; pid += 1) processes.set(pid, { group: pid });
    processes.set(8, { group: 7 });
    const ending = escaped.end(2_000);
    await clock.advance(1_999);
    expect(sent).toHaveLength(300);
    expect(sent).not.toContain('8 SIGTERM');
    await clock.advance(1_000);
    await ending;
    expect(sent.filter((text) => !text.endsWith('SIGTERM'))).toEqual(['8 SIGKILL']);
  });

  it('get SIGTERM once and SIGKILL after the grace where they ignore it', async () => {
    processes.set(20, { group: 20, ignoresTerm: true });
    const ending = escaped.end(2_000);
    await clock.advance(1_999);
    expect(sent).toEqual(['20 SIGTERM', '20 SIGCONT']);
    await clock.advance(200);
    await ending;
    expect(sent).toEqual(['20 SIGTERM', '20 SIGCONT', '20 SIGKILL']);
  });

  it('are found also where they are started while the others end', async () => {
    processes.set(20, { group: 20, parentOf: 21 });
    const ending = escaped.end(500);
    await clock.advance(1_000);
    await ending;
    expect(sent).toEqual(['20 SIGTERM', '21 SIGTERM']);
    expect(processes.size).toBe(0);
  });

  it('are killed until nothing is found twice in a row', async () => {
    processes.set(20, { group: 20 });
    const killing = escaped.kill();
    await clock.advance(0);
    // A look that comes while a process becomes another program does not see it.
    processes.set(21, { group: 21 });
    await clock.advance(200);
    await killing;
    expect(sent).toEqual(['20 SIGKILL', '21 SIGKILL']);
    expect(looks).toBe(4);
  });

  it('are not looked for for ever where they do not end', async () => {
    const stubborn = new EscapedProcesses({
      each: (visit) => {
        looks += 1;
        visit({ pid: 20, group: 20 });
        return Promise.resolve();
      },
      isReached: () => false,
      clock,
      kill: () => undefined,
    });
    const ending = stubborn.end(1_000);
    await clock.advance(20_000);
    await ending;
    expect(clock.waiting).toBe(0);
    expect(looks).toBeLessThan(100);
  });

  it('are waited for, and it is told whether they have gone', async () => {
    processes.set(20, { group: 20 });
    const still = escaped.gone(500);
    await clock.advance(600);
    expect(await still).toBe(false);
    const gone = escaped.gone(500);
    processes.clear();
    await clock.advance(600);
    expect(await gone).toBe(true);
    expect(sent).toEqual([]);
  });
});
