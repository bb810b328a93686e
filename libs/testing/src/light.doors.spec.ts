import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');

/** Bundles a program as the build does it; for a process of its own, since esbuild's API does not run in Jest's realm. */
const BUNDLE = `
  import { build } from 'esbuild';
  const [contents] = process.argv.slice(1);
  const { metafile } = await build({
    stdin: { contents, resolveDir: process.cwd(), loader: 'ts' },
    outfile: 'out.js',
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  process.stdout.write(JSON.stringify(metafile.outputs['out.js']));`;

/** How large a program is when it is bundled, in bytes, and which packages it imports then. */
async function bundle(source: string): Promise<{ bytes: number; packages: string[] }> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', BUNDLE, source], {
    cwd: ROOT,
  });
  const { bytes, imports } = JSON.parse(stdout) as { bytes: number; imports: { path: string }[] };
  const packages = imports.map(({ path }) => path).filter((path) => !path.startsWith('node:'));
  return { bytes, packages: [...new Set(packages)].sort() };
}

describe('the doors of the light rooms', () => {
  it('give a constant in less than 2 KiB', async () => {
    const { bytes } = await bundle(`import { PROBLEM_STATUS } from '@warmbox/contracts'; console.log(PROBLEM_STATUS);`);
    expect(bytes).toBeLessThanOrEqual(2_048);
  });

  it.each([
    ['@warmbox/contracts', []],
    ['@warmbox/platform', []],
    ['@warmbox/sandbox', []],
    ['@warmbox/kube', ['undici']],
    ['@warmbox/local-cluster', ['undici', 'yaml']],
    ['@warmbox/testing', ['eventsource-parser', 'ws']],
  ])('%s brings no framework along, but %j', async (door, expected) => {
    expect((await bundle(`import * as all from '${door}'; console.log(all);`)).packages).toEqual(expected);
  });
});
