import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LocalSystem } from '@warmbox/testing/harness';
import { DIST, startLocalSystem } from '../e2e/suite.js';

const run = promisify(execFile);
const HERE = join(DIST, '..', 'test', 'streams');

function works(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

// `npm test` needs nothing but Node; continuous integration sets this, so that it cannot skip without anybody noticing.
const isRequired = process.env.READERS_REQUIRED === '1';
const withPython = isRequired || works('python3', '-c', 'import requests, httpx, aiohttp') ? describe : describe.skip;
const withGo = isRequired || works('go', 'version') ? describe : describe.skip;

/** What is printed, by the command that prints it. */
const OUTPUTS: [string, string, string][] = [
  ['letters that are not ASCII', `printf '✅ café\\n'`, '✅ café\n'],
  ['U+2028, U+2029 and U+0085', `printf 'a\\u2028b\\u2029c\\u0085d\\n'`, 'a\u2028b\u2029c\u0085d\n'],
  ['other ends of lines', `printf 'a\\x0bb\\x0cc\\x1cd\\x1de\\x1ef\\rg\\r\\n'`, 'a\x0bb\x0cc\x1cd\x1de\x1ef\rg\r\n'],
  [
    'what looks like an event',
    `printf 'a\\n\\nevent: CompletedEvent\\ndata: {}\\n\\n'`,
    'a\n\nevent: CompletedEvent\ndata: {}\n\n',
  ],
  ['200,000 zeros', 'head -c 200000 /dev/zero', '\0'.repeat(200_000)],
  ['a line of 300 KB', `head -c 300000 /dev/zero | tr '\\0' 'x'; echo`, `${'x'.repeat(300_000)}\n`],
  ['300 KB of separators', `for i in {1..1000}; do printf '\\u2028%.0s' {1..100}; done`, '\u2028'.repeat(100_000)],
];

let system: LocalSystem;
let url: string;
beforeAll(async () => {
  system = await startLocalSystem();
  const [client] = system.clients;
  const { name } = await client!.create();
  url = `${client!.url}/api/kata/${name}/execute`;
});
afterAll(() => system.stop());

/** Runs a reader; what arrived. */
async function read(program: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(program, args, { maxBuffer: 2 ** 26 });
  return JSON.parse(stdout) as string;
}

withPython('Python (skipped where it has no requests, httpx and aiohttp)', () => {
  describe.each(['requests', 'httpx', 'aiohttp'])('%s, line by line', (library) => {
    describe.each(['text/event-stream', 'application/x-ndjson'])('%s', (media) => {
      it.each(OUTPUTS)('reads %s', async (_, command, output) => {
        const got = await read('python3', join(HERE, 'readers.py'), library, url, system.apiKey, media, command);
        expect(got === output || got).toBe(true);
      });
    });
  });
});

withGo('Go’s bufio.Scanner (skipped where there is no go)', () => {
  let folder: string;
  let program: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-readers-'));
    program = join(folder, 'readers');
    await run('go', ['build', '-o', program, join(HERE, 'readers.go')]);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each(OUTPUTS)('reads %s', async (_, command, output) => {
    const got = await read(program, url, system.apiKey, command);
    expect(got === output || got).toBe(true);
  });
});
