import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree } from './remove.tree.js';

describe('removeTree', () => {
  let parent: string;
  let folder: string;
  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    folder = join(parent, 'folder');
    await mkdir(folder);
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));

  it('removes folders that must not be written to, and some that must not even be read', async () => {
    for (const mode of [0o555, 0o000, 0o100]) {
      const module = join(folder, mode.toString(8), 'module');
      await mkdir(module, { recursive: true });
      await writeFile(join(module, 'go.mod'), '');
      await chmod(module, mode);
      await chmod(join(module, '..'), mode);
    }
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('removes paths of more than 4,096 bytes, read-only ones, too', async () => {
    const name = 'n'.repeat(200);
    const descend = `set -e; cd "$1"; i=0; while [ $i -lt 50 ]; do mkdir ${name}; cd ./${name}; i=$((i + 1)); done; touch file; chmod 555 .`;
    execFileSync('bash', ['-c', descend, 'descend', folder]);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
  });

  it('follows no link', async () => {
    const [other, locked] = [join(parent, 'other'), join(folder, 'locked')];
    await writeFile(other, 'kept');
    await chmod(other, 0o400);
    await mkdir(locked);
    await symlink(other, join(locked, 'link'));
    await symlink(parent, join(locked, 'up'));
    await chmod(locked, 0o555);
    await removeTree(folder);
    expect(existsSync(folder)).toBe(false);
    expect(await readFile(other, 'utf8')).toBe('kept');
  });

  it('has nothing to do where there is nothing', async () => {
    await removeTree(folder);
    await removeTree(folder);
  });
});
