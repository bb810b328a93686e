import { chmod, mkdir, mkdtemp, readFile, realpath, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { GuestPrograms, isOpenToAll } from './guest.programs.js';

describe('GuestPrograms', () => {
  let folder: string;
  let home: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
    await chmod(folder, 0o711);
    home = join(folder, 'home');
    await mkdir(join(home, 'dist', 'maps'), { recursive: true });
    await writeFile(join(home, 'node'), '#!/bin/sh\n');
    await chmod(join(home, 'node'), 0o700);
    for (const name of ['main.js', 'maps/main.js.map'])
      await writeFile(join(home, 'dist', name), name, { mode: 0o600 });
    await chmod(home, 0o700);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const argv = (): string[] => [join(home, 'node'), join(home, 'dist/main.js'), '--flag', '/nowhere'];

  it('copies what others cannot read to where they can, with what lies beside a script', async () => {
    const programs = new GuestPrograms(join(folder, 'programs'), true);
    const [program = '', script = '', ...rest] = await programs.reachable(argv());
    expect(rest).toEqual(['--flag', '/nowhere']);
    expect(await readFile(script, 'utf8')).toBe('main.js');
    for (const path of [program, script, join(dirname(script), 'maps/main.js.map')]) {
      expect(path).not.toContain(home);
      expect(await isOpenToAll(path)).toBe(true);
    }
    expect((await stat(program)).mode & 0o777).toBe(0o755);
  });

  it('copies once', async () => {
    const programs = new GuestPrograms(join(folder, 'programs'), true);
    const all = await Promise.all(Array.from({ length: 8 }, () => programs.reachable(argv())));
    expect(new Set(all.map((one) => one.join(' '))).size).toBe(1);
  });

  it('leaves what everybody can read where it is, and goes past links to it that nobody else can follow', async () => {
    const programs = new GuestPrograms(join(folder, 'programs'), true);
    await symlink('/bin/sh', join(home, 'shell'));
    const shell = await realpath('/bin/sh');
    const passwd = await realpath('/etc/passwd');
    expect(await programs.reachable([join(home, 'shell'), '/etc/passwd', '-c'])).toEqual([shell, passwd, '-c']);
  });

  it('copies nothing where guests are the same user', async () => {
    expect(await new GuestPrograms(join(folder, 'programs'), false).reachable(argv())).toEqual(argv());
  });
});
