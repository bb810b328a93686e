import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { systemClock } from '@warmbox/platform';
import { atMost, waitFor } from '@warmbox/testing';
import { OutputLog } from '../output/output.log.js';
import { PagePool } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import { openSystem, type System } from '../system/system.js';
import type { Child, ChildCommand, ChildStarter } from './child.js';
import { DirectStarter } from './direct.starter.js';
import { NodeStarter } from './node.starter.js';
import { PipePool } from './pipe.pool.js';

const PATH = process.env.PATH ?? '/bin:/usr/bin';
const IS_LINUX = process.platform === 'linux';

/** Every way to start children; all but sockets give standard streams that can be opened by name. */
const WAYS: [way: string, starterIn: (folder: string) => { starter: ChildStarter; system?: System }][] = [
  ['by Node on pipes', (folder) => ({ starter: new NodeStarter(poolIn(folder), folder) })],
  [
    'by Node on sockets',
    (folder) => ({
      starter: new NodeStarter(
        poolIn('/no/such/folder', () => undefined),
        folder,
      ),
    }),
  ],
];
if (IS_LINUX) {
  WAYS.unshift([
    'by the system',
    () => {
      const system = openSystem();
      return { starter: new DirectStarter(system), system };
    },
  ]);
}

function poolIn(folder: string, onError = (error: unknown): void => expect(error).toBeUndefined()): PipePool {
  return new PipePool(folder, onError);
}

describe.each(WAYS)('A child started %s', (way, starterIn) => {
  const hasPipes = way !== 'by Node on sockets';
  let folder: string;
  let starter: ChildStarter;
  let system: System | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-child-spec-'));
    ({ starter, system } = starterIn(folder));
  });
  afterEach(async () => {
    await starter.close();
    system?.exits.close();
    await rm(folder, { recursive: true });
  });

  interface Started {
    child: Child;
    log: OutputLog;
  }

  async function start(command: Partial<ChildCommand>): Promise<Started> {
    const pages = new PagePool();
    const log = new OutputLog(64 * 2 ** 20, pages);
    const writer = (stream: 'Stdout' | 'Stderr'): PageWriter =>
      new PageWriter(stream, log, pages, systemClock, () => undefined);
    const child = await starter.start(
      { file: '/bin/bash', args: [], cwd: folder, environment: { PATH }, ...command },
      { stdout: writer('Stdout'), stderr: writer('Stderr') },
    );
    return { child, log };
  }

  const shell = (script: string, more: Partial<ChildCommand> = {}): Promise<Started> =>
    start({ args: ['-c', script], ...more });

  /** Runs a command to its end; what it has written. */
  async function outputOf(command: Partial<ChildCommand>): Promise<string> {
    const { child, log } = await start(command);
    await Promise.all([child.exited, child.closed]);
    return textOf(log, 'Stdout') + textOf(log, 'Stderr');
  }

  function textOf(log: OutputLog, stream: 'Stdout' | 'Stderr'): string {
    const parts: Buffer[] = [];
    for (let offset = 0; offset < log.end;) {
      const slice = log.read(offset)!;
      if (slice.stream === stream) parts.push(Buffer.from(slice.bytes));
      offset += slice.bytes.length;
    }
    return Buffer.concat(parts).toString();
  }

  it('gets and gives all of its input and output, each where it belongs', async () => {
    const { child, log } = await shell('cat; seq 1 300000; echo oops >&2; exit 3', { stdin: 'first\n' });
    expect(await child.exited).toEqual({ code: 3, signal: null });
    await child.closed;
    const lines = Array.from({ length: 300_000 }, (_, index) => `${index + 1}\n`).join('');
    expect(textOf(log, 'Stdout') === `first\n${lines}`).toBe(true);
    expect(textOf(log, 'Stderr')).toBe('oops\n');
  });

  it('is paused and goes on', async () => {
    const { child, log } = await shell('head -c 3000000 /dev/zero; echo end > finished');
    child.pause();
    // What was on the way has come; the rest does not fit into the pipe, so the child cannot have finished.
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.end).toBeLessThan(3_000_000);
    expect(await readdir(folder)).not.toContain('finished');
    child.resume();
    await child.closed;
    expect(log.end).toBe(3_000_000);
  });

  it.each([
    ['exit 200', { code: 200, signal: null }],
    ['kill -TERM $$', { code: null, signal: 'SIGTERM' }],
    ['kill -KILL $$', { code: null, signal: 'SIGKILL' }],
  ])('tells how it ended: %s', async (script, exit) => {
    const { child } = await shell(script);
    expect(await child.exited).toEqual(exit);
  });

  if (IS_LINUX) {
    it('leads a session of its own, with no signal blocked or ignored', async () => {
      const { child, log } = await start({ file: 'cat', args: ['/proc/self/stat', '/proc/self/status'] });
      await child.closed;
      const text = textOf(log, 'Stdout');
      expect(text.split(' ').slice(4, 6)).toEqual([String(child.pid), String(child.pid)]);
      for (const field of ['SigBlk', 'SigIgn']) expect(text).toContain(`${field}:\t${'0'.repeat(16)}\n`);
    });

    it('gets three descriptors and no other, and leaves none here', async () => {
      // What whoever runs this has left open for every program, and the one by which ls reads.
      const expected = [...leftOpen(), '0', '1', '2'].length + 1;
      const count = async (): Promise<number> =>
        (await outputOf({ file: 'ls', args: ['/proc/self/fd'], stdin: 'text' })).trim().split('\n').length;
      expect(await count()).toBe(expected);
      const before = ownDescriptors().length;
      expect(await Promise.all(Array.from({ length: 20 }, count))).toEqual(Array.from({ length: 20 }, () => expected));
      const { child } = await shell('cat', { keepStdinOpen: true });
      child.stdin!.end();
      await child.closed;
      await expect(start({ file: '/no/such/program', stdin: 'text' })).rejects.toThrow();
      await expect(start({ file: '/no/such/program', keepStdinOpen: true })).rejects.toThrow();
      await starter.close();
      await waitFor('descriptors to be closed', () => ownDescriptors().length, atMost(before));
    });
  }

  it('finds its program in the PATH that it is given, as execvp does', async () => {
    await mkdir(join(folder, 'bin'));
    for (const [name, text, mode] of [
      ['bin/tool', '#!/bin/sh\necho tool "$@"\n', 0o755],
      ['bin/plain', 'echo plain "$@"\n', 0o755],
      ['refused', '#!/bin/sh\n', 0o644],
      ['bin/refused', '#!/bin/sh\necho found\n', 0o755],
      ['lost', '#!/no/such/interpreter\n', 0o755],
      ['bin/lost', '#!/bin/sh\necho second\n', 0o755],
    ] as const) {
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), mode);
    }
    const run = (file: string, path?: string): Promise<string> =>
      outputOf({ file, args: ['a', 'b'], environment: path === undefined ? {} : { PATH: path } });
    expect(await run('tool', `/usr/bin:${folder}/bin`)).toBe('tool a b\n');
    // Relative to where it runs: a folder of PATH, an empty one, and a path.
    expect(await run('tool', 'bin')).toBe('tool a b\n');
    expect(await run('./bin/tool', '')).toBe('tool a b\n');
    expect(await run('lost', `:${folder}/bin`)).toBe('second\n');
    expect(await run('refused', `${folder}:${folder}/bin`)).toBe('found\n');
    // A text that names no interpreter is the shell's.
    expect(await run('plain', `${folder}/bin`)).toBe('plain a b\n');
    expect(await run('bin/plain')).toBe('plain a b\n');
    // Nobody says where.
    expect(await outputOf({ file: 'echo', args: ['by default'], environment: {} })).toBe('by default\n');
  });

  it.each<[string, (folder: string) => Partial<ChildCommand>, string]>([
    ['is not there', () => ({ file: '/no/such' }), 'There is no program "/no/such", or the interpreter that it names'],
    [
      'is not in PATH',
      () => ({ file: 'no-such-program' }),
      'There is no program "no-such-program", or the interpreter',
    ],
    ['is no executable', () => ({ file: '/etc/passwd' }), '"/etc/passwd" must not be executed: it is not executable'],
    ['is none in PATH', () => ({ file: 'passwd', environment: { PATH: '/etc' } }), '"passwd" must not be executed'],
    ['is below a file', () => ({ file: '/etc/passwd/x' }), 'A part of the path "/etc/passwd/x" is not a folder.'],
    ['has no folder', () => ({ cwd: '/no/such' }), 'The working directory "/no/such" does not exist.'],
    ['is to run in a file', () => ({ cwd: '/etc/passwd' }), 'The working directory "/etc/passwd" is not a folder.'],
    ['has too much to be told', () => ({ args: ['-c', 'true', 'x'.repeat(200_000)] }), 'The arguments and environment'],
  ])('is refused where the program %s', async (_, commandIn, detail) => {
    await expect(start(commandIn(folder))).rejects.toMatchObject({
      code: 'cannot_start',
      detail: expect.stringContaining(detail) as string,
    });
  });

  if (hasPipes) {
    it('can open its standard streams by name', async () => {
      const { child, log } = await shell(
        'cat /dev/stdin; cat /dev/stdin; echo out > /dev/stdout; echo err > /dev/stderr; echo both | tee /dev/stderr',
        { stdin: 'text\n' },
      );
      await child.closed;
      expect(textOf(log, 'Stdout')).toBe('text\ntext\nout\nboth\n');
      expect(textOf(log, 'Stderr')).toBe('err\nboth\n');
    });
  }

  it('has nothing to read where nobody gives it anything', async () => {
    expect(await outputOf({ args: ['-c', 'cat; readlink /proc/self/fd/0 || echo /dev/null'] })).toBe('/dev/null\n');
  });

  it('leaves nothing in the temporary folder', async () => {
    expect(await outputOf({ args: ['-c', 'cat'], stdin: 'text' })).toBe('text');
    await starter.close();
    expect(await readdir(folder)).toEqual([]);
  });

  describe('whose input is kept open', () => {
    it('gets a text first, then what is written, and its end', async () => {
      const { child, log } = await shell('cat; echo end', { stdin: 'text\n', keepStdinOpen: true });
      child.stdin!.write('written\n');
      await waitFor('the written text', () => textOf(log, 'Stdout'), 'text\nwritten\n');
      child.stdin!.end('last\n');
      expect(await child.exited).toEqual({ code: 0, signal: null });
      await child.closed;
      expect(textOf(log, 'Stdout')).toBe('text\nwritten\nlast\nend\n');
    });

    it('pushes back until it reads, and gets every byte', async () => {
      const { child, log } = await shell('until [ -e go ]; do sleep 0.05; done; wc -c', { keepStdinOpen: true });
      const block = Buffer.alloc(1_000_000, 'x');
      let isTaken = false;
      child.stdin!.write(block, () => (isTaken = true));
      expect(child.stdin!.writableNeedDrain).toBe(true);
      await new Promise((resolve) => setImmediate(resolve));
      expect(isTaken).toBe(false);
      await writeFile(join(folder, 'go'), '');
      child.stdin!.end();
      await child.closed;
      expect(isTaken).toBe(true);
      expect(textOf(log, 'Stdout').trim()).toBe('1000000');
    });

    it('that it has closed refuses what is written, and nothing else breaks', async () => {
      const { child, log } = await shell('exec 0<&-; echo closed; until [ -e go ]; do sleep 0.05; done', {
        keepStdinOpen: true,
      });
      await waitFor('the input to be closed', () => textOf(log, 'Stdout'), 'closed\n');
      const refusal = new Promise((resolve) => child.stdin!.write('for nobody', resolve));
      expect(await refusal).toMatchObject({ code: 'EPIPE' });
      await writeFile(join(folder, 'go'), '');
      expect(await child.exited).toEqual({ code: 0, signal: null });
    });

    it('has it closed when it has ended, though something in the background holds the other end', async () => {
      const { child } = await shell('sleep 600 & echo $!', { keepStdinOpen: true });
      const block = new Promise((resolve) => child.stdin!.write(Buffer.alloc(1_000_000), resolve));
      await child.exited;
      await finished(child.stdin!).catch(() => undefined);
      expect(await block).toMatchObject({ message: expect.any(String) as string });
      expect(child.stdin!.destroyed).toBe(true);
      process.kill(-child.pid, 'SIGKILL');
      await child.closed;
    });

    if (hasPipes) {
      it('can open it by name', async () => {
        const { child, log } = await shell('head -n 1 /dev/stdin; cat', { keepStdinOpen: true });
        child.stdin!.write('first\n');
        await waitFor('the first line', () => textOf(log, 'Stdout'), 'first\n');
        child.stdin!.end('second\n');
        await child.closed;
        expect(textOf(log, 'Stdout')).toBe('first\nsecond\n');
      });
    }
  });

  it('is one of many at once, and each gets its own', async () => {
    const outputs = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        outputOf({ args: ['-c', 'cat; echo $N >&2'], stdin: `in ${index}\n`, environment: { PATH, N: String(index) } }),
      ),
    );
    expect(outputs).toEqual(Array.from({ length: 60 }, (_, index) => `in ${index}\n${index}\n`));
  });
});

/** This process's descriptors, and what they are. */
function ownDescriptors(): [fd: string, target: string][] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [[fd, readlinkSync(`/proc/self/fd/${fd}`)]];
    } catch {
      // That of the folder that was read.
      return [];
    }
  });
}

/** Those that every program gets. */
function leftOpen(): string[] {
  return ownDescriptors()
    .map(([fd]) => fd)
    .filter((fd) => Number(fd) > 2 && !/^flags:\s*0?2\d{6}$/m.test(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')));
}

describe('Standard input that cannot be kept', () => {
  let folder: string;
  beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'executor-child-spec-'))));
  afterEach(() => rm(folder, { recursive: true }));

  it.each([
    ['does not exist', 'missing', 'it does not exist'],
    ['is no folder', 'file', 'it is not a folder'],
  ])('is blamed on the temporary folder where that %s, not on the program', async (_, name, reason) => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, name);
    const pool = { take: () => Promise.resolve(undefined), prime: () => undefined, close: () => Promise.resolve() };
    const starter = new NodeStarter(pool, path);
    const pages = new PagePool();
    const output = new PageWriter('Stdout', new OutputLog(2 ** 20, pages), pages, systemClock, () => undefined);
    const start = (more: Partial<ChildCommand>): Promise<Child> =>
      starter.start(
        { file: '/bin/sh', args: ['-c', 'exit 4'], cwd: folder, environment: {}, ...more },
        { stdout: output, stderr: output },
      );
    await expect(start({ stdin: 'text' })).rejects.toMatchObject({
      code: 'cannot_start',
      detail: `Standard input cannot be kept in the temporary folder ${JSON.stringify(path)}: ${reason}.`,
    });
    const child = await start({});
    expect(await child.exited).toEqual({ code: 4, signal: null });
    await child.closed;
  });

  if (IS_LINUX) {
    it('is blamed on memory where the system has none', async () => {
      const system = openSystem();
      const refusal = Object.assign(new Error(), { code: 'ENOMEM' });
      const textFile = (): never => {
        throw refusal;
      };
      const starter = new DirectStarter({
        ...system,
        descriptors: Object.assign(Object.create(system.descriptors) as typeof system.descriptors, { textFile }),
      });
      const pages = new PagePool();
      const output = new PageWriter('Stdout', new OutputLog(2 ** 20, pages), pages, systemClock, () => undefined);
      await expect(
        starter.start(
          { file: '/bin/sh', args: [], cwd: folder, environment: {}, stdin: 'text' },
          { stdout: output, stderr: output },
        ),
      ).rejects.toMatchObject({ detail: 'Standard input cannot be kept in memory: it is full.' });
      system.exits.close();
    });
  }
});
