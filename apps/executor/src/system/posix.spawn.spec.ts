import { closeSync, constants, openSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SpawnedProgram } from './posix.spawn.js';
import type { Exit } from './process.exits.js';
import { openSystem, type System } from './system.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('PosixSpawn', () => {
  let system: System;
  beforeAll(() => (system = openSystem()));
  afterAll(() => system.exits.close());

  interface Run {
    pid: number;
    exit: Exit;
    output: string;
  }

  /** Runs a program with its output in a pipe. */
  async function run(program: Partial<SpawnedProgram> = {}): Promise<Run> {
    const { read, write } = system.descriptors.pipe();
    const output = text(new Socket({ fd: read, readable: true, writable: false }));
    try {
      const pid = await system.spawn.start({
        path: '/bin/bash',
        argv: ['bash'],
        environment: {},
        ...program,
        actions: [
          { do: 'open', path: '/dev/null', flags: constants.O_RDONLY, to: 0 },
          { do: 'dup2', from: write, to: 1 },
          { do: 'dup2', from: 2, to: 2 },
          ...(program.actions ?? []),
        ],
      });
      const exit = await system.exits.of(pid);
      closeSync(write);
      return { pid, exit, output: await output };
    } catch (error) {
      closeSync(write);
      await output;
      throw error;
    }
  }

  /** Prints a shell's descriptors in the order of their names; 255 is its own. */
  const DESCRIPTORS =
    'for fd in /proc/$$/fd/*; do [ -e "$fd" ] && [ "$fd" != /proc/$$/fd/255 ] && echo "${fd##*/}"; done';

  /** What it then prints: also descriptors that whoever runs this spec has left open for every program. */
  function descriptors(...given: number[]): string[] {
    const left = readdirSync('/proc/self/fd').filter((fd) => Number(fd) > 2 && !isClosedOnExec(fd));
    return [...given.map(String), ...left].sort();
  }

  function isClosedOnExec(fd: string): boolean {
    try {
      return (flagsOf(Number(fd)) & 0o2000000) !== 0;
    } catch {
      // That of the folder that was read.
      return true;
    }
  }

  const flagsOf = (fd: number): number =>
    parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))![1]!, 8);

  const shell = (script: string, more: Partial<SpawnedProgram> = {}): Promise<Run> =>
    run({ argv: ['bash', '-c', script], ...more });

  it('starts a program with its arguments and environment, whatever is in them', async () => {
    const value = '日本 "語"\n\\';
    const { output, exit } = await shell('printf "%s|%s|%s" "$0" "$1" "$VALUE"', {
      argv: ['any name', '-c', 'printf "%s|%s|%s" "$0" "$1" "$VALUE"', '', value],
      environment: { VALUE: value },
    });
    expect(output).toBe(`|${value}|${value}`);
    expect(exit).toEqual({ code: 0, signal: null });
  });

  it('passes on arguments and variables of megabytes', async () => {
    const long = 'x'.repeat(100_000);
    const { output } = await run({
      path: '/usr/bin/env',
      argv: ['env', 'sh', '-c', 'echo $#, ${#LONG}', 'sh', ...Array.from({ length: 10 }, () => long)],
      environment: { PATH: '/bin:/usr/bin', LONG: long },
    });
    expect(output).toBe('10, 100000\n');
  });

  it('makes the program the leader of a session of its own', async () => {
    const { pid, output } = await shell('read -r _ _ _ _ group session _ < /proc/$$/stat; echo $$ $group $session');
    expect(output).toBe(`${pid} ${pid} ${pid}\n`);
  });

  it('starts it with no signal blocked or ignored, SIGPIPE and those of glibc among them', async () => {
    // Node itself ignores SIGPIPE.
    const own = readFileSync('/proc/self/status', 'utf8');
    expect(BigInt(`0x${/SigIgn:\s*(\w+)/.exec(own)![1]!}`) & (1n << 12n)).not.toBe(0n);
    const { output } = await run({ path: '/bin/cat', argv: ['cat', '/proc/self/status'] });
    expect(/SigBlk:\s*(\w+)/.exec(output)![1]).toBe('0'.repeat(16));
    expect(/SigIgn:\s*(\w+)/.exec(output)![1]).toBe('0'.repeat(16));
    const { output: codes } = await shell('yes | head -1 > /dev/null; echo ${PIPESTATUS[0]}');
    expect(codes).toBe('141\n');
  });

  it('does as it is told with descriptors, in order, and gives no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'executor-spawn-spec-'));
    await writeFile(join(folder, 'input'), 'what it reads\n');
    const kept = openSync(join(folder, 'input'), 'r');
    const { output } = await shell(`cat <&5; ${DESCRIPTORS}; pwd; [ -e /proc/$$/fd/6 ] || echo closed`, {
      actions: [
        { do: 'chdir', path: folder },
        { do: 'open', path: 'input', flags: constants.O_RDONLY, to: 5 },
        { do: 'dup2', from: kept, to: 6 },
        { do: 'close', descriptor: 6 },
      ],
    });
    closeSync(kept);
    await rm(folder, { recursive: true });
    expect(output.split('\n')).toEqual(['what it reads', ...descriptors(0, 1, 2, 5), folder, 'closed', '']);
  });

  it.each([
    ['a program that is not there', { path: '/no/such/program' }, 'ENOENT'],
    ['a program that must not be executed', { path: '/etc/passwd' }, 'EACCES'],
    ['a folder that is not there', { actions: [{ do: 'chdir', path: '/no/such/folder' }] }, 'ENOENT'],
    ['a folder that is none', { actions: [{ do: 'chdir', path: '/etc/passwd' }] }, 'ENOTDIR'],
    ['a descriptor that is not open', { actions: [{ do: 'dup2', from: 9999, to: 1 }] }, 'EBADF'],
    ['a file that is not there', { actions: [{ do: 'open', path: '/no/such', flags: 0, to: 0 }] }, 'ENOENT'],
    ['arguments that are too long', { argv: ['bash', 'x'.repeat(200_000)] }, 'E2BIG'],
    ['a NUL in a folder', { actions: [{ do: 'chdir', path: '/tmp\0/no' }] }, 'ERR_INVALID_ARG_VALUE'],
  ] satisfies [string, Partial<SpawnedProgram>, string][])(
    'says what the system says of %s',
    async (_, program, code) => {
      await expect(run(program as Partial<SpawnedProgram>)).rejects.toMatchObject({ code });
    },
  );

  it('starts hundreds at once: none is lost, nothing of them is left', async () => {
    const open = readdirSync('/proc/self/fd').length;
    const runs = await Promise.all(Array.from({ length: 300 }, (_, index) => shell(`exit ${index % 256}`)));
    expect(runs.map(({ exit }) => exit.code)).toEqual(Array.from({ length: 300 }, (_, index) => index % 256));
    expect(new Set(runs.map(({ pid }) => pid)).size).toBe(300);
    expect(system.exits.count).toBe(0);
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(open + 1);
  });

  it('keeps memory that a call uses, whatever is collected meanwhile', async () => {
    const runs = await Promise.all(
      Array.from({ length: 64 }, async (_, index) => {
        const started = shell('echo "$VALUE"', { environment: { VALUE: `value ${index} ${'x'.repeat(3000)}` } });
        // Pressure: pages of what is freed are used again at once.
        for (let round = 0; round < 20; round += 1) Buffer.alloc(4096, 1 + round);
        return started;
      }),
    );
    expect(runs.map(({ output }) => output)).toEqual(
      Array.from({ length: 64 }, (_, index) => `value ${index} ${'x'.repeat(3000)}\n`),
    );
  });

  it('makes pipes that wait at both ends, and that no program gets by itself', async () => {
    const pipe = system.descriptors.pipe();
    for (const end of [pipe.read, pipe.write]) {
      expect(readlinkSync(`/proc/self/fd/${end}`)).toMatch(/^pipe:/);
      expect([flagsOf(end) & constants.O_NONBLOCK, flagsOf(end) & 0o2000000]).toEqual([0, 0o2000000]);
    }
    const { output } = await shell(DESCRIPTORS);
    expect(output.split('\n')).toEqual([...descriptors(0, 1, 2), '']);
    closeSync(pipe.read);
    closeSync(pipe.write);
  });

  it('keeps a text in memory, to be read as often as it is opened', async () => {
    const content = `${'ü'.repeat(500_000)}\n`;
    const descriptor = system.descriptors.textFile(content);
    const { output } = await shell('cat | wc -c; cat /dev/stdin | wc -c; cat /proc/self/fd/0 | md5sum; cat | wc -c', {
      actions: [{ do: 'dup2', from: descriptor, to: 0 }],
    });
    closeSync(descriptor);
    expect(output.split('\n').filter((_, line) => line !== 2)).toEqual(['1000001', '1000001', '0', '']);
  });
});
