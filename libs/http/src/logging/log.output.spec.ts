import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
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
});
