import { spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';

/** What a process sees that was started by one into which somebody had left these descriptors open. */
const CHILD = `
import { spawnSync } from 'node:child_process';
import { closeInheritedDescriptors } from './inherited.descriptors.js';
closeInheritedDescriptors();
const list = 'for file in /dev/fd/*; do [ -e "$file" ] && echo "\${file##*/}"; done; true';
process.stdout.write(spawnSync('/bin/sh', ['-c', list]).stdout);
`;

async function program(): Promise<string> {
  const stdin = { contents: CHILD, resolveDir: import.meta.dirname };
  const { outputFiles } = await build({ stdin, bundle: true, platform: 'node', format: 'esm', write: false });
  return outputFiles[0]?.text ?? '';
}

async function seenBelow(descriptors: readonly number[]): Promise<string[]> {
  const descriptor = openSync('/', 'r');
  try {
    const stdio: StdioOptions = ['pipe', 'pipe', 'inherit'];
    for (const number of descriptors) stdio[number] = descriptor;
    // A gap is no descriptor.
    for (let number = 3; number < stdio.length; number += 1) stdio[number] ??= 'ignore';
    const child = spawn(process.execPath, ['--input-type=module', '-'], { stdio, env: {} });
    child.stdin?.end(await program());
    return (await text(child.stdout!)).trim().split('\n');
  } finally {
    closeSync(descriptor);
  }
}

describe('closeInheritedDescriptors', () => {
  it('leaves nothing but 0, 1 and 2 for children to inherit', async () => {
    expect(await seenBelow([3, 9, 15, 16, 19, 201])).toEqual(['0', '1', '2']);
  });
});
