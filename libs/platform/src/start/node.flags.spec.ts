import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXECUTOR_FLAGS, NODE_FLAGS } from './node.flags.js';

const ROOT = join(import.meta.dirname, '../../../..');

describe('The flags of Node', () => {
  it('are those of the images and of npm start as well', async () => {
    const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: { start: string };
    };
    const quoted = (flags: readonly string[]): string => flags.map((flag) => `"${flag}"`).join(', ');
    expect(dockerfile).toContain(`"node", ${quoted(NODE_FLAGS)}, "/app/manager/main.js"`);
    expect(dockerfile).toContain(`"node", ${quoted(NODE_FLAGS)}, "/app/local/main.js"`);
    expect(dockerfile).toContain(`"/warmbox/warmboxd", ${quoted(EXECUTOR_FLAGS)}, "/warmbox/self"`);
    expect(scripts.start).toContain(`node ${NODE_FLAGS.join(' ')} dist/local/main.js`);
  });

  it('are those that the executor is compiled with, or V8 compiles it anew at each start', async () => {
    const dockerfile = await readFile(join(ROOT, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain(`/warmbox/warmboxd ${EXECUTOR_FLAGS.join(' ')} /tmp/compile.mjs /app/executor`);
  });
});
