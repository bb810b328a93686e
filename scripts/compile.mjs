/**
 * Compiles an executor's bundle: `node FLAGS scripts/compile.mjs dist/executor`, by the Node and with the flags that it will run with
 * (EXECUTOR_FLAGS of libs/platform). It starts the executor, has it run a few commands, and writes what V8 has compiled until then to
 * executor.ARCH.compiled, beside the bundle; apps/executor/src/start.ts runs it from there.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { Script } from 'node:vm';

const folder = resolve(process.argv[2] ?? '');
const filename = join(folder, 'executor.js');
const workspace = mkdtempSync(join(tmpdir(), 'executor-'));
const socketPath = join(workspace, 'socket');

/** Asks once; undefined where nobody listens. */
async function ask(method, path, body) {
  const outgoing = request({ socketPath, method, path, headers: { 'content-type': 'application/json' } });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  try {
    const [answer] = await once(outgoing, 'response');
    return { status: answer.statusCode, text: await text(answer) };
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') return undefined;
    throw error;
  }
}

process.env = {
  PATH: process.env.PATH,
  EXECUTOR_AUTH: 'none',
  EXECUTOR_SOCKET: socketPath,
  EXECUTOR_WORKSPACE: workspace,
  EXECUTOR_LOG_LEVEL: 'warn',
};
const script = new Script(readFileSync(filename, 'utf8'), { filename });
const module = { exports: {} };
script.runInThisContext()(module.exports, createRequire(filename), module, filename, folder);
for (let left = 2_000; (await ask('GET', '/healthz')) === undefined; left -= 1) {
  if (left === 0) throw new Error('The executor does not listen.');
  await delay(10);
}
for (let count = 0; count < 3; count += 1) {
  const answer = await ask('POST', '/api/execute', { command: 'echo begun; echo ended >&2' });
  if (answer?.status !== 200 || !answer.text.includes('CompletedEvent'))
    throw new Error(`It answered: ${answer?.text}`);
}
const compiled = join(folder, `executor.${process.arch}.compiled`);
writeFileSync(`${compiled}.new`, script.createCachedData());
renameSync(`${compiled}.new`, compiled);
rmSync(workspace, { recursive: true });
process.exit(0);
