/**
 * Packages of many files, as one file each, for the specs. Jest loads every module anew for every spec file: class-validator alone has 350
 * files, a telephone directory among them. With what `test/compiled.modules.js` keeps this saves a seventh of the processor time of forty spec
 * files of the manager. They are the packages as they are installed, made anew where a version changes; what ships is bundled by
 * scripts/build.js.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(join(root, 'package.json'));
const folder = join(root, 'node_modules', '.cache', 'warmbox-specs');

/** Each is loaded from its own file by whoever imports it, so that there is one of it in a spec, whoever needs it. */
const packages = [
  'class-transformer',
  'class-validator',
  'fastify',
  'pino',
  'pino-http',
  'prom-client',
  'rxjs',
  'undici',
];

/** Nothing here knows a telephone number. */
const noTelephones = {
  name: 'no-telephones',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^libphonenumber-js/ }, ({ path }) => ({ path, namespace: 'stand-in' }));
    onLoad({ filter: /^/, namespace: 'stand-in' }, () => ({ contents: 'module.exports = {};' }));
  },
};

function versionOf(name) {
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'));
  return version;
}

/** For Jest's moduleNameMapper: the packages' files, which are made where they are missing. */
export async function bundledPackages() {
  const files = Object.fromEntries(packages.map((name) => [name, join(folder, `${name}-${versionOf(name)}.cjs`)]));
  const missing = packages.filter((name) => !existsSync(files[name]));
  if (missing.length > 0) {
    mkdirSync(folder, { recursive: true });
    await Promise.all(missing.map((name) => bundle(name, files[name])));
  }
  // The operators are among the exports of rxjs itself.
  return Object.fromEntries(
    packages.map((name) => [name === 'rxjs' ? '^rxjs(/operators)?$' : `^${name}$`, files[name]]),
  );
}

async function bundle(name, file) {
  // Another run may be making it, too: a file appears whole.
  const unfinished = `${file}.${process.pid}`;
  await build({
    absWorkingDir: root,
    entryPoints: [require.resolve(name)],
    outfile: unfinished,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    // Half the text is half the work for those who read it anew in each spec.
    minify: true,
    keepNames: true,
    logLevel: 'warning',
    external: packages.filter((other) => other !== name),
    plugins: [noTelephones],
  });
  renameSync(unfinished, file);
  rmSync(unfinished, { force: true });
}
