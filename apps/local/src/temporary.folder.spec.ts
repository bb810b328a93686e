import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsError } from '@warmbox/platform/options';
import { checkTemporaryFolder } from './temporary.folder.js';

describe('checkTemporaryFolder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('leaves nothing in a folder that can be used', async () => {
    checkTemporaryFolder(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['does not exist', 'missing', 'ENOENT'],
    ['is a file', 'file', 'ENOTDIR'],
  ])('refuses one that %s, and says so', async (_, name, code) => {
    await writeFile(join(folder, 'file'), '');
    expect(() => checkTemporaryFolder(join(folder, name))).toThrow(OptionsError);
    expect(() => checkTemporaryFolder(join(folder, name))).toThrow(
      new RegExp(`TMPDIR = ".*${name}": must be a folder in which folders can be made \\(${code}\\)`),
    );
  });
});
