/**
 * Installs the addon that the executor calls the system by for another processor than this one, beside those of `npm ci`, which
 * installs what fits this machine only (`node scripts/addon.js arm64`, or as Docker names it: amd64). The version and its checksum
 * are those of package-lock.json.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const [asked = process.arch] = process.argv.slice(2).filter((argument) => argument !== '');
const arch = asked === 'amd64' ? 'x64' : asked;
const name = `@koromix/koffi-linux-${arch}`;
const path = `node_modules/${name}`;
const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));

if (packages[path] === undefined) {
  process.stdout.write(`There is no addon for ${arch}: there Node starts the commands.\n`);
} else if (!existsSync(join(root, path))) {
  install(packages[path]);
}

/** A project that has nothing else, with the entry of our lock file. Npm takes packages for other processors as optional ones only. */
function install(entry) {
  const folder = mkdtempSync(join(tmpdir(), 'addon-'));
  try {
    const optionalDependencies = { [name]: entry.version };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ optionalDependencies }));
    const lock = { lockfileVersion: 3, packages: { '': { optionalDependencies }, [path]: entry } };
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
    if (existsSync(join(root, '.npmrc'))) cpSync(join(root, '.npmrc'), join(folder, '.npmrc'));
    execFileSync('npm', ['ci', '--ignore-scripts', '--os=linux', `--cpu=${arch}`], { cwd: folder, stdio: 'inherit' });
    // An optional package that cannot be had, or has another checksum, is left out without a word.
    if (!existsSync(join(folder, path))) throw new Error(`npm did not install ${name} ${entry.version}.`);
    cpSync(join(folder, path), join(root, path), { recursive: true });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
