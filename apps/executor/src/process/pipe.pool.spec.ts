import { constants, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closePipes, PipePool } from './pipe.pool.js';

describe('PipePool', () => {
  let folder: string;
  let errors: unknown[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-pool-spec-'));
    errors = [];
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('says why pipes cannot be made', async () => {
    const pool = new PipePool('/no/such/folder', (error) => errors.push(error));
    expect(await pool.take(2)).toBeUndefined();
    expect(errors[0]).toMatchObject({ code: 'ENOENT' });
  });

  it('gives pipes to each of many who ask at once, no two the same, and leaves nothing in the folder', async () => {
    const pool = new PipePool(folder, (error) => errors.push(error));
    const taken = await Promise.all(Array.from({ length: 20 }, () => pool.take(2)));
    const descriptors = taken.flatMap((pipes) => pipes!.flatMap(({ read, write }) => [read, write]));
    expect(new Set(descriptors).size).toBe(80);
    expect(errors).toEqual([]);
    for (const pipes of taken) closePipes(pipes!);
    await pool.close();
    expect(await readdir(folder)).toEqual([]);
  });

  if (process.platform === 'linux') {
    it('makes pipes that wait at both ends', async () => {
      const pool = new PipePool(folder, (error) => errors.push(error));
      const [pipe] = (await pool.take(1))!;
      for (const end of [pipe!.read, pipe!.write]) {
        const flags = parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${end}`, 'utf8'))![1]!, 8);
        expect(flags & constants.O_NONBLOCK).toBe(0);
      }
      closePipes([pipe!]);
      await pool.close();
    });
  }
});
