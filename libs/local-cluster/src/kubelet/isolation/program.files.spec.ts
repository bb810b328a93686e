import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeProgram } from './program.files.js';

describe('placeProgram', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-spec-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('moves what is not of the system below the folder, with what lies beside it', async () => {
    const home = join(folder, 'home');
    await mkdir(home);
    await writeFile(join(home, 'main.js'), 'main');
    await writeFile(join(home, 'main.js.map'), 'map');
    await writeFile(join(home, 'node'), '#!/bin/sh\necho placed\n', { mode: 0o755 });
    const placed = join(folder, 'placed');
    const [command = '', flag, file = ''] = await placeProgram(
      [join(home, 'node'), '--flag', join(home, 'main.js')],
      placed,
    );
    expect([command, flag]).toEqual([join(placed, 'node'), '--flag']);
    expect(execFileSync(command, { encoding: 'utf8' })).toBe('placed\n');
    expect(file.startsWith(`${placed}/`)).toBe(true);
    expect(await readFile(`${file}.map`, 'utf8')).toBe('map');
  });

  it('leaves what is of the system, and what is no file, as it is', async () => {
    const argv = ['/bin/sh', '-c', 'true', '/usr/bin/env', '/nowhere/main.js'];
    expect(await placeProgram(argv, join(folder, 'placed'))).toEqual(argv);
  });
});
