import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileRenames } from './file.renames.js';
import { loadLibc } from './libc.js';

const describeOnLinux = process.platform === 'linux' ? describe : describe.skip;

describeOnLinux('FileRenames', () => {
  it('renames by names of any bytes, and replaces nothing', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'renames-spec-'));
    const at = (latin1: string): Buffer => Buffer.concat([Buffer.from(folder), Buffer.from(`/${latin1}`, 'latin1')]);
    const renames = new FileRenames(loadLibc());
    await writeFile(at('\xff'), '1');
    renames.renameNew(at('\xff'), at('b'));
    await writeFile(at('c'), '2');
    expect(() => renames.renameNew(at('b'), at('c'))).toThrow(expect.objectContaining({ code: 'EEXIST' }) as Error);
    expect(() => renames.renameNew(at('none'), at('d'))).toThrow(expect.objectContaining({ code: 'ENOENT' }) as Error);
    expect([await readFile(at('b'), 'utf8'), await readFile(at('c'), 'utf8')]).toEqual(['1', '2']);
    await rm(folder, { recursive: true });
  });
});
