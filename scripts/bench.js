/** Runs one bench of test/bench, `node scripts/bench.js execute`: bundled first, since Node runs no TypeScript with decorators. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [name = ''] = process.argv.slice(2);
if (!/^[a-z][a-z.-]*$/.test(name)) throw new Error('Which bench? Name a file of test/bench without its ending.');
const outdir = join(root, 'dist', 'bench');
await mkdir(outdir, { recursive: true });
const outfile = join(outdir, `${name}.js`);
await build({
  absWorkingDir: root,
  entryPoints: [join(root, 'test', 'bench', `${name}.ts`)],
  outfile,
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node24',
  format: 'esm',
  logLevel: 'warning',
});
await import(pathToFileURL(outfile).href);
