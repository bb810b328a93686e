import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSystem, type System } from './system.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('ProcessSignals', () => {
  let system: System;
  beforeAll(() => (system = openSystem()));
  afterAll(() => system.exits.close());

  const refusalOf = (id: number): unknown => {
    try {
      system.signals.send(id, 0);
    } catch (error) {
      return error;
    }
    return undefined;
  };

  it('reaches a process and a group, and says once nobody is left', async () => {
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' });
    const pid = child.pid!;
    expect([refusalOf(pid), refusalOf(-pid)]).toEqual([undefined, undefined]);
    const ended = once(child, 'exit');
    system.signals.send(-pid, 'SIGTERM');
    expect(await ended).toEqual([null, 'SIGTERM']);
    expect(refusalOf(-pid)).toMatchObject({ code: 'ESRCH', syscall: 'kill' });
    expect(refusalOf(pid)).toBe(refusalOf(-pid));
  });

  it('tells every refusal by its own name', () => {
    expect(refusalOf(2 ** 31 - 1)).toMatchObject({ code: 'ESRCH' });
    expect(() => system.signals.send(process.pid, 'SIGNOT' as NodeJS.Signals)).toThrow();
  });
});
