import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { atLeast, waitFor } from '@warmbox/testing';
import { LogOutput } from './log.output.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** What there is to read now. */
function readNow(fd: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  try {
    for (let count = readSync(fd, buffer); count > 0; count = readSync(fd, buffer)) {
      text += buffer.toString('utf8', 0, count);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return text;
}

describe('LogOutput', () => {
  const folder = mkdtempSync(join(tmpdir(), 'log-output-'));
  const open = new Set<number>();

  function opened(path: string, flags: string | number): number {
    const fd = openSync(path, flags);
    open.add(fd);
    return fd;
  }

  function close(fd: number): void {
    open.delete(fd);
    closeSync(fd);
  }

  afterAll(() => {
    for (const fd of open) closeSync(fd);
    rmSync(folder, { recursive: true });
  });

  it('writes lines in order, and soon, however few they are', async () => {
    const path = join(folder, 'soon');
    const output = new LogOutput(opened(path, 'w'));
    output.write('a\n');
    output.write('b\n');
    await waitFor('the lines are written', () => readFileSync(path, 'utf8'), 'a\nb\n');
    output.write('c\n');
    await waitFor('the next one is written', () => readFileSync(path, 'utf8'), 'a\nb\nc\n');
  });

  it('writes what is left at once where the process is about to end, and touches the file no more', async () => {
    const path = join(folder, 'last');
    const fd = opened(path, 'w');
    const output = new LogOutput(fd);
    output.write('last\n');
    output.flushSync();
    expect(readFileSync(path, 'utf8')).toBe('last\n');
    close(fd);
    const next = join(folder, 'next');
    // It has the number of the one that was closed, as any other file might.
    expect(opened(next, 'w')).toBe(fd);
    const other = new LogOutput(opened(join(folder, 'other'), 'w'));
    other.write('later\n');
    await waitFor('time has passed', () => readFileSync(join(folder, 'other'), 'utf8'), 'later\n');
    expect(readFileSync(next, 'utf8')).toBe('');
    expect(output.error).toBeUndefined();
  });

  it('outlives a file without room, and ends although its lines cannot be written', async () => {
    // Never closed: what is tried again must not meet another file, or a socket, of the same number.
    const output = new LogOutput(openSync('/dev/full', 'w'), 100, 1_000_000);
    output.write('x\n');
    await waitFor('the write has failed', () => output.error?.code, 'ENOSPC');
    output.write('y\n');
    expect(() => output.flushSync()).not.toThrow();
  });

  it('outlives a file that was closed', async () => {
    const fd = opened(join(folder, 'closed'), 'w');
    close(fd);
    const output = new LogOutput(fd, 100, 1_000_000);
    output.write('x\n');
    await waitFor('the write has failed', () => output.error?.code, 'EBADF');
  });

  it('writes all that it has kept where a reader comes back', async () => {
    const path = join(folder, 'broken');
    execFileSync('mkfifo', [path]);
    const gone = opened(path, O_RDONLY | O_NONBLOCK);
    const output = new LogOutput(opened(path, O_WRONLY | O_NONBLOCK), 100, 5);
    close(gone);
    output.write('a\n');
    await waitFor('the write has failed', () => output.error?.code, 'EPIPE');
    output.write('b\n');
    output.flushSync();
    const back = opened(path, O_RDONLY | O_NONBLOCK);
    let text = '';
    await waitFor('it is written', () => (text += readNow(back)), 'a\nb\n');
    expect(output.error).toBeUndefined();
  });

  it('keeps only so much for one who does not read, and says how many lines are missing', async () => {
    const path = join(folder, 'slow');
    execFileSync('mkfifo', [path]);
    const reader = opened(path, O_RDONLY | O_NONBLOCK);
    const output = new LogOutput(opened(path, O_WRONLY | O_NONBLOCK), 10_000, 5);
    const line = `${'x'.repeat(999)}\n`;
    let sent = 0;
    const fill = (): void => {
      for (let count = 0; count < 20; count += 1, sent += 1) output.write(line);
    };
    await waitFor('the pipe is full', () => (fill(), output.error?.code), 'EAGAIN');
    fill();
    let text = '';
    const received = (): { kept: number; dropped: number } => {
      const lines = (text += readNow(reader)).split('\n').slice(0, -1);
      const told = lines.filter((one) => one.startsWith('{')).map((one) => JSON.parse(one) as Record<string, number>);
      const dropped = told.reduce((sum, { level, dropped = NaN }) => sum + (level === 40 ? dropped : NaN), 0);
      return { kept: lines.length - told.length, dropped };
    };
    await waitFor('it is known of every line', received, ({ kept, dropped }) => kept + dropped === sent);
    expect(received().dropped).toBeGreaterThan(9);
    expect(received().kept).toBeGreaterThan(0);
  });

  it('keeps no more than it may of 100,000 lines that nobody reads', async () => {
    const path = join(folder, 'unread');
    execFileSync('mkfifo', [path]);
    const reader = opened(path, O_RDONLY | O_NONBLOCK);
    const output = new LogOutput(opened(path, O_WRONLY | O_NONBLOCK), 1_000_000, 5);
    const line = `${'x'.repeat(199)}\n`;
    for (let count = 0; count < 100_000; count += 1) output.write(line);
    let text = '';
    await waitFor('it says how many are missing', () => (text += readNow(reader)), /"dropped":/);
    const kept = text.split('\n').filter((one) => one.startsWith('x'));
    expect(kept.every((one) => one.length === 199)).toBe(true);
    expect(kept.length * 200).toBeLessThanOrEqual(1_000_000);
    expect(text).toContain(`"dropped":${100_000 - kept.length}`);
  });

  it('writes every line once, and whole, where it gave up on a slow reader before the process ended', async () => {
    const path = join(folder, 'given-up');
    execFileSync('mkfifo', [path]);
    const reader = opened(path, O_RDONLY | O_NONBLOCK);
    const output = new LogOutput(opened(path, O_WRONLY | O_NONBLOCK), undefined, 5);
    const lines = Array.from({ length: 1_500 }, (_, index) => `${index} ${'x'.repeat(100)}`);
    for (const line of lines) output.write(`${line}\n`);
    output.flushSync();
    let text = '';
    await waitFor('all is read', () => (text += readNow(reader)).length, atLeast(lines.join('\n').length + 1));
    const read = text.split('\n').slice(0, -1);
    expect(read.filter((line) => !lines.includes(line))).toEqual([]);
    expect([read.length, new Set(read).size]).toEqual([1_500, 1_500]);
  });
});

describe('the log of a process', () => {
  const file = new URL('log.output.ts', import.meta.url).href;

  function argvOf(script: string): string[] {
    const source = `import { LogOutput } from ${JSON.stringify(file)}; const output = new LogOutput(); ${script}`;
    return ['--input-type=module', '-e', source];
  }

  /** What it wrote and how it ended. The shell puts its output where it says. */
  function run(script: string, redirection = ''): Promise<{ code: unknown; stdout: string }> {
    const argv = ['-o', 'pipefail', '-c', `"$0" "$@" ${redirection}`, process.execPath, ...argvOf(script)];
    return new Promise((resolve) => {
      execFile('/bin/bash', argv, { timeout: 20_000, maxBuffer: 8 * 1024 * 1024 }, (error, stdout) => {
        resolve({ code: error === null ? 0 : (error.signal ?? error.code), stdout });
      });
    });
  }

  it('has the last lines of one that an error ends', async () => {
    const { code, stdout } = await run(`output.write('a\\n'); output.write('b\\n'); throw new Error('broken');`);
    expect([code, stdout]).toEqual([1, 'a\nb\n']);
  });

  it('has the last lines of one that has nothing more to do', async () => {
    const { code, stdout } = await run(`output.write('a\\n');`);
    expect([code, stdout]).toEqual([0, 'a\n']);
  });

  it('has every line of one that ends in the midst of many', async () => {
    const { code, stdout } = await run(
      `for (let n = 0; n < 1_000; n += 1) output.write(n + ' ' + 'x'.repeat(99) + '\\n'); process.exit(3);`,
    );
    expect(code).toBe(3);
    // In order but for what was under way, which may come late.
    const lines = stdout.split('\n').slice(0, -1);
    expect(lines.filter((line) => !/^\d+ x{99}$/.test(line))).toEqual([]);
    expect([lines.length, new Set(lines).size]).toEqual([1_000, 1_000]);
  });

  it('has a line of 1 MiB whole, and those around it', async () => {
    const { code, stdout } = await run(`
      output.write('a\\n'); output.write('x'.repeat(1_048_576) + '\\n'); output.write('b\\n');
      setTimeout(() => { output.write('c\\n'); process.exit(3); }, 100);`);
    expect(code).toBe(3);
    expect(stdout.split('\n').map((line) => [line.length, line[0]])).toEqual([
      [1, 'a'],
      [1_048_576, 'x'],
      [1, 'b'],
      [1, 'c'],
      [0, undefined],
    ]);
  });

  it('keeps none of its work waiting for who does not read', async () => {
    const script = `
      for (let count = 0; count < 20; count += 1) output.write('x'.repeat(99_999) + '\\n');
      setTimeout(() => process.stderr.write('alive'), 100);`;
    const child = spawn(process.execPath, argvOf(script), { stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      expect(String(await once(child.stderr, 'data'))).toBe('alive');
      expect((await textOf(child.stdout)).length).toBe(2_000_000);
    } finally {
      child.kill();
    }
  });

  it.each([
    ['stdout is closed', '>&-'],
    ['its disk is full', '>/dev/full'],
    ['its reader is gone', '| true'],
  ])('harms no other work where %s', async (_, redirection) => {
    const { code } = await run(
      `let count = 0;
      const timer = setInterval(() => {
        output.write('x'.repeat(10_000) + '\\n');
        if ((count += 1) === 50) { clearInterval(timer); process.exitCode = 4; }
      }, 2);`,
      redirection,
    );
    expect(code).toBe(4);
  });
});
