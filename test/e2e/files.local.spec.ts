import { execFile, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { NODE_FLAGS } from '@warmbox/platform';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { join } from 'node:path';
import { DIST, startLocalSystem } from './suite.js';

const shell = async (command: string): Promise<string> => (await promisify(execFile)('bash', ['-c', command])).stdout;

describe('large files', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;
  let target: string;
  let curl: string;

  beforeAll(async () => {
    system = await startLocalSystem();
    client = system.clients[0]!;
    ({ name } = await client.create());
    target = `${client.url}/api/kata/${name}/files`;
    curl = `curl -sS -f -H 'X-Api-Key: ${system.apiKey}'`;
  });
  afterAll(() => system.stop());

  const anonymousMi = (status: string): number => Number(/RssAnon:\s+(\d+) kB/.exec(status)?.[1]) / 1024;

  /** The most that manager and executor hold while something is done, and what they held before. */
  async function most(task: () => Promise<unknown>): Promise<Record<string, { before: number; most: number }>> {
    const looks = {
      manager: () => readFile(`/proc/${system.managers[0]!.child.process.pid}/status`, 'utf8'),
      executor: async () => (await client.execute(name, { command: 'cat /proc/$PPID/status' })).stdout,
    };
    const seen: Record<string, { before: number; most: number }> = {};
    for (const [who, look] of Object.entries(looks)) {
      const before = anonymousMi(await look());
      seen[who] = { before, most: before };
    }
    let isOver = false;
    const watching = Promise.all(
      Object.entries(looks).map(async ([who, look]) => {
        while (!isOver) seen[who]!.most = Math.max(seen[who]!.most, anonymousMi(await look()));
      }),
    );
    await task().finally(() => (isOver = true));
    await watching;
    return seen;
  }

  it('of 256 MiB go in and come out whole, and nobody on the way holds them', async () => {
    const bytes = 256 * 2 ** 20;
    const source = `openssl enc -aes-128-ctr -K ${'0'.repeat(32)} -iv ${'0'.repeat(32)} -in /dev/zero 2> /dev/null | head -c ${bytes}`;
    const sum = (await shell(`${source} | sha256sum`)).slice(0, 64);
    for (const [what, command] of [
      ['up', `${source} | ${curl} -T - '${target}?path=large' > /dev/null`],
      ['down', `${curl} '${target}?path=large' | sha256sum | grep ${sum}`],
    ] as const) {
      const seen = await most(() => shell(command));
      for (const [who, { before, most }] of Object.entries(seen)) {
        process.stdout.write(`256 MiB ${what}, ${who}: ${before.toFixed(0)} MiB before, ${most.toFixed(0)} at most\n`);
        expect([what, who, most - before < 48]).toEqual([what, who, true]);
      }
    }
    expect(await client.execute(name, { command: 'sha256sum large' })).toMatchObject({
      stdout: expect.stringContaining(sum) as string,
    });
  }, 180_000);

  it('are fetched on by curl from where a download was cut', async () => {
    const folder = (await shell('mktemp -d')).trim();
    await shell(`${curl} -r 0-99999999 -o ${folder}/large '${target}?path=large'`);
    await shell(`${curl} -C - -o ${folder}/large '${target}?path=large'`);
    const sum = await shell(`sha256sum < ${folder}/large; rm -r ${folder}`);
    const { stdout } = await client.execute(name, { command: 'sha256sum < large' });
    expect(sum).toBe(stdout);
  }, 60_000);
});

/** A workspace of 8 MiB, in a namespace of its own. */
const SMALL =
  'mount -t tmpfs -o size=8m,mode=777 none "$EXECUTOR_WORKSPACE" && cd "$EXECUTOR_WORKSPACE" && exec "$0" "$@"';
const UNSHARE = ['unshare', '--user', '--map-root-user', '--mount'];

/** Not every machine lets its users have namespaces. */
const areThere = spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), 'true']).status === 0;

describe('a full disk', () => {
  (areThere ? it : it.skip)(
    'is 507, with nothing half-written and the old file whole',
    async () => {
      const system = await startLocalSystem({
        cluster: {
          isolation: 'plain',
          executorCommand: [
            ...UNSHARE,
            'bash',
            '-c',
            SMALL,
            process.execPath,
            ...NODE_FLAGS,
            join(DIST, 'executor', 'main.js'),
          ],
        },
      });
      try {
        const [client] = system.clients;
        const { name } = await client!.create();
        const put = (path: string, mi: number): Promise<string> =>
          shell(
            `head -c ${mi}M /dev/zero | curl -sS -w '\\n%{http_code}' -H 'X-Api-Key: ${system.apiKey}' -T - '${client!.url}/api/kata/${name}/files?path=${path}'`,
          );
        expect(await put('file', 5)).toMatch(/\n201$/);
        expect(await put('file', 5)).toMatch(/"disk_full"[\s\S]*\n507$/);
        expect(await put('new/folder/file', 64)).toMatch(/"disk_full"[\s\S]*\n507$/);
        const { stdout } = await client!.execute(name, { command: 'find . -mindepth 1 -printf "%p %s\\n"' });
        expect(stdout).toBe(`./file ${5 * 2 ** 20}\n`);
        expect(await put('small', 1)).toMatch(/\n201$/);
      } finally {
        await system.stop();
      }
    },
    60_000,
  );
});
