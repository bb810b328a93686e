import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@warmbox/platform';
import { OutputLog } from '../output/output.log.js';
import { PagePool } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import { childStarter, type Child, type ChildCommand } from './child.js';
import { closePipes, PipePool } from './pipe.pool.js';

describe('Starting a child', () => {
  let folder: string;
  let errors: unknown[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-child-spec-'));
    errors = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  interface Started {
    child: Child;
    log: OutputLog;
  }

  async function start(
    pool: Pick<PipePool, 'take'>,
    command: Partial<ChildCommand>,
    temporary = folder,
  ): Promise<Started> {
    const pages = new PagePool();
    const log = new OutputLog(64 * 2 ** 20, pages);
    const writer = (stream: 'Stdout' | 'Stderr'): PageWriter =>
      new PageWriter(stream, log, pages, systemClock, () => undefined);
    const child = await childStarter(pool, temporary)(
      { file: '/bin/bash', args: [], cwd: folder, environment: { PATH: process.env.PATH ?? '' }, ...command },
      { stdout: writer('Stdout'), stderr: writer('Stderr') },
    );
    return { child, log };
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

  const pools: [string, () => Pick<PipePool, 'take'> & { close(): Promise<void> }][] = [
    ['on pipes', () => new PipePool(folder, (error) => errors.push(error))],
    ['on sockets where no pipes can be made', () => new PipePool('/no/such/folder', (error) => errors.push(error))],
  ];

  it.each(pools)('gives all of its input and output %s', async (_, poolOf) => {
    const pool = poolOf();
    const { child, log } = await start(pool, {
      args: ['-c', 'cat; seq 1 300000; echo oops >&2; exit 3'],
      stdin: 'first\n',
    });
    expect(await child.exited).toEqual({ code: 3, signal: null });
    await child.closed;
    expect(
      textOf(log, 'Stdout') === `first\n${Array.from({ length: 300_000 }, (__, i) => `${i + 1}\n`).join('')}`,
    ).toBe(true);
    expect(textOf(log, 'Stderr')).toBe('oops\n');
    await pool.close();
  });

  it('says why pipes cannot be made', async () => {
    const pool = new PipePool('/no/such/folder', (error) => errors.push(error));
    expect(await pool.take(2)).toBeUndefined();
    expect(errors[0]).toMatchObject({ code: 'ENOENT' });
  });

  it.each([
    ['does not exist', 'missing', 'it does not exist'],
    ['is no folder', 'file', 'it is not a folder'],
  ])('blames the temporary folder where that %s, not the program', async (_, name, reason) => {
    await writeFile(join(folder, 'file'), '');
    const path = join(folder, name);
    const pool = { take: () => Promise.resolve(undefined) };
    await expect(start(pool, { args: ['-c', 'true'], stdin: 'text' }, path)).rejects.toMatchObject({
      code: 'cannot_start',
      detail: `Standard input cannot be kept in the temporary folder ${JSON.stringify(path)}: ${reason}.`,
    });
    const { child } = await start(pool, { args: ['-c', 'exit 4'] }, path);
    expect(await child.exited).toEqual({ code: 4, signal: null });
  });

  it('leaves nothing in the temporary folder', async () => {
    const pool = new PipePool(folder, (error) => errors.push(error));
    const { child } = await start(pool, { args: ['-c', 'cat'], stdin: 'text' });
    await child.closed;
    await pool.close();
    expect(await readdir(folder)).toEqual([]);
    expect(errors).toEqual([]);
  });

  it('gives pipes to each of many who ask at once, no two the same', async () => {
    const pool = new PipePool(folder, (error) => errors.push(error));
    const taken = await Promise.all(Array.from({ length: 20 }, () => pool.take(2)));
    const descriptors = taken.flatMap((pipes) => pipes!.flatMap(({ read, write }) => [read, write]));
    expect(new Set(descriptors).size).toBe(80);
    expect(errors).toEqual([]);
    for (const pipes of taken) closePipes(pipes!);
    await pool.close();
  });

  it.each(pools)('is paused and goes on %s', async (_, poolOf) => {
    const pool = poolOf();
    const { child, log } = await start(pool, { args: ['-c', 'head -c 3000000 /dev/zero; echo end > finished'] });
    child.pause();
    // What was on the way has come; the rest does not fit into the pipe, so the child cannot have finished.
    await new Promise((resolve) => setImmediate(resolve));
    const soFar = log.end;
    expect(soFar).toBeLessThan(3_000_000);
    expect(await readdir(folder)).not.toContain('finished');
    child.resume();
    await child.closed;
    expect(log.end).toBe(3_000_000);
    await pool.close();
  });
});
