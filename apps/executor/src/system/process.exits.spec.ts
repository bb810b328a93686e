import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { waitFor } from '@warmbox/testing';
import { exitOf, ProcessExits, type Exit } from './process.exits.js';
import { openSystem, type System } from './system.js';

describe('exitOf', () => {
  it.each<[number, Exit]>([
    [0, { code: 0, signal: null }],
    [255 << 8, { code: 255, signal: null }],
    [9, { code: null, signal: 'SIGKILL' }],
    // With a core dump.
    [0x80 | 11, { code: null, signal: 'SIGSEGV' }],
    [6, { code: null, signal: 'SIGABRT' }],
    [35, { code: null, signal: 'SIGRTMIN+1' }],
  ])('reads %d', (status, exit) => {
    expect(exitOf(status)).toEqual(exit);
  });
});

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('ProcessExits', () => {
  let system: System;
  beforeAll(() => (system = openSystem()));
  afterAll(() => system.exits.close());

  const start = (script: string): Promise<number> =>
    system.spawn.start({ path: '/bin/sh', argv: ['sh', '-c', script], environment: {}, actions: [] });

  /** Children that were not waited for; each thread has its own. */
  const children = (): string[] =>
    globSync('/proc/self/task/*/children').flatMap((path) => readFileSync(path, 'latin1').split(' '));

  const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) (.).*$/s, '$1');

  /** Ends of every kind, as the shell is told to end. */
  const ENDS: [script: string, exit: Exit][] = [
    ['exit 0', { code: 0, signal: null }],
    ['exit 7', { code: 7, signal: null }],
    ['exit 255', { code: 255, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
    ['ulimit -c 0; kill -ABRT $$', { code: null, signal: 'SIGABRT' }],
    ['kill -PIPE $$', { code: null, signal: 'SIGPIPE' }],
    ['kill -HUP $$', { code: null, signal: 'SIGHUP' }],
  ];

  it('tells how each of many ended, Node its own, and no zombie is left', async () => {
    // Other specs in this process may have left some.
    const before = children();
    const ours = Array.from({ length: 300 }, async (_, index) => {
      const [script, exit] = ENDS[index % ENDS.length]!;
      const pid = await start(script);
      expect(await system.exits.of(pid)).toEqual(exit);
    });
    const nodes = Array.from({ length: 100 }, async (_, index) => {
      const [script, { code, signal }] = ENDS[index % ENDS.length]!;
      expect(await once(spawn('/bin/sh', ['-c', script]), 'exit')).toEqual([code, signal]);
    });
    await Promise.all([...ours, ...nodes]);
    expect(system.exits.count).toBe(0);
    expect(children().filter((pid) => !before.includes(pid))).toEqual([]);
  });

  it('tells ends among many that go on, also behind one that nobody waits for', async () => {
    const sleepers = await Promise.all(Array.from({ length: 30 }, () => start('exec sleep 600')));
    const slept = sleepers.map((pid) => system.exits.of(pid));
    const run = async (): Promise<void> => {
      const runs = ENDS.map(async ([script, exit]) => expect(await system.exits.of(await start(script))).toEqual(exit));
      await Promise.all(runs);
    };
    await run();
    const forgotten = await start('exit 9');
    await waitFor('a zombie', () => stateOf(forgotten), 'Z');
    await run();
    for (const pid of sleepers) process.kill(pid, 'SIGKILL');
    expect(await Promise.all(slept)).toEqual(sleepers.map(() => ({ code: null, signal: 'SIGKILL' })));
    expect(await system.exits.of(forgotten)).toEqual({ code: 9, signal: null });
  });

  it('tells an end that came before it was asked for, and one that comes while others live', async () => {
    const pid = await start('exit 3');
    await waitFor('a zombie', () => stateOf(pid), 'Z');
    const sleeper = await start('exec sleep 600');
    const slept = system.exits.of(sleeper);
    expect(await system.exits.of(pid)).toEqual({ code: 3, signal: null });
    process.kill(sleeper, 'SIGKILL');
    expect(await slept).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('says that nobody is to be waited for, where that is so', () => {
    const exits = new ProcessExits(system.libc);
    // Process 1 is nobody's child.
    expect(() => exits.of(1)).toThrow(expect.objectContaining({ code: 'ECHILD' }) as Error);
    exits.close();
  });
});
