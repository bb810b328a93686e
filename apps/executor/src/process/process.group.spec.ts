import { FakeClock } from '@warmbox/testing';
import { ProcessGroup } from './process.group.js';

describe('ProcessGroup', () => {
  /** A system with the members of group 7 and the place of its leader. */
  function system({ members = new Set([7, 8]), leaderMoved = false, code = 'ESRCH' } = {}) {
    const sent: string[] = [];
    const kill = (id: number, signal: NodeJS.Signals | 0): void => {
      const exists = id < 0 ? [...members].some((pid) => pid !== 7 || !leaderMoved) : members.has(id);
      if (!exists || code === 'EPERM') throw Object.assign(new Error(code), { code });
      if (signal !== 0) sent.push(`${id} ${signal}`);
    };
    const clock = new FakeClock();
    return { sent, members, clock, group: new ProcessGroup(7, 2000, clock, kill) };
  }

  it('gets SIGTERM as a whole, and after the grace SIGKILL', async () => {
    const { sent, clock, group } = system();
    group.terminate();
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT']);
    await clock.advance(1999);
    expect(sent).toHaveLength(2);
    await clock.advance(1);
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT', '-7 SIGKILL', '7 SIGKILL']);
  });

  it('gets SIGTERM once, however often it is ended', () => {
    const { sent, group } = system();
    group.terminate();
    group.terminate();
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT']);
  });

  it('gets SIGKILL when its leader is gone but others ignored SIGTERM', async () => {
    const { sent, members, clock, group } = system();
    group.terminate();
    members.delete(7);
    group.leaderReaped();
    await clock.advance(2000);
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT', '-7 SIGKILL']);
  });

  it('gets nothing more once nobody is left: its id may be given to strangers', async () => {
    const { sent, members, clock, group } = system();
    group.terminate();
    members.clear();
    group.leaderReaped();
    members.add(7);
    await clock.advance(10_000);
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT']);
    expect(group.signal('SIGUSR1')).toBe(false);
  });

  it('reaches a leader that moved to another group', () => {
    const { sent, group } = system({ members: new Set([7]), leaderMoved: true });
    group.terminate();
    expect(sent).toEqual(['7 SIGTERM', '7 SIGCONT']);
  });

  it('gets any signal as a whole, and says whether there was anybody', () => {
    const { sent, members, group } = system();
    expect(group.signal('SIGUSR1')).toBe(true);
    members.delete(7);
    group.leaderReaped();
    expect(group.signal('SIGINT')).toBe(true);
    members.clear();
    expect(group.signal('SIGHUP')).toBe(false);
    expect(sent).toEqual(['-7 SIGUSR1', '-7 SIGINT']);
  });

  it('is alive as long as its leader, wherever that is, and then as long as anybody is left', () => {
    const { group, members } = system({ leaderMoved: true });
    members.delete(8);
    expect(group.isAlive()).toBe(true);
    members.add(8);
    group.leaderReaped();
    expect(group.isAlive()).toBe(true);
    members.clear();
    expect(group.isAlive()).toBe(false);
  });

  it('counts members that may not be signalled as alive', () => {
    const { group } = system({ code: 'EPERM' });
    group.leaderReaped();
    expect(group.isAlive()).toBe(true);
  });
});
