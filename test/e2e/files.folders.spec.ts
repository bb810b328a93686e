import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readServerSentEvents, waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import type { FileEntryDto } from '@warmbox/dto';
import { startLocalSystem, startSystem, type System } from './suite.js';

const COUNT = 10_000;

describe('the folders of a sandbox', () => {
  describe('with isolation', () => theyWork(() => startSystem({ managers: 2 })));

  const local = process.env.E2E_URLS ? describe.skip : describe;
  local('without isolation', () => theyWork(() => startLocalSystem({ managers: 2, cluster: { isolation: 'plain' } })));
});

function theyWork(start: () => Promise<System>): void {
  let system: System;
  let client: WarmboxClient;
  let name: string;
  let folder: string;
  let workspace: string;
  let temporary: string;

  beforeAll(async () => {
    system = await start();
    client = system.clients[0]!;
    ({ name } = await client.create());
    workspace = await run('pwd -P');
    temporary = await run('cd "${TMPDIR:-/tmp}" && pwd -P');
    folder = await mkdtemp(join(tmpdir(), 'folders-e2e-'));
  });
  afterAll(async () => {
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const path = (route: string): string => `/api/kata/${name}/files/${route}`;
  const run = async (command: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await client.execute(name, { command });
    expect([exitCode, stderr]).toEqual([0, '']);
    return stdout.trim();
  };
  /** What a shell on this machine prints. The cluster is in this process, so nothing here may wait for it without awaiting. */
  const shell = async (script: string): Promise<string> => {
    const prelude = `set -euo pipefail; K="X-Api-Key: ${client.apiKey}"; cd ${folder}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', `${prelude}; ${script}`], { maxBuffer: 10_000_000 });
    return stdout.trim();
  };
  const urls = (): string[] => system.clients.map(({ url }) => `${url}/api/kata/${name}/files`);

  it('are listed in pages, ten thousand files, through whichever manager', async () => {
    await run(`mkdir many && cd many && seq -f f%05g ${COUNT} | xargs touch`);
    const seen: string[] = [];
    let query: string | undefined = '?path=many&limit=1000';
    for (let page = 0; query !== undefined; page += 1) {
      const answer = await system.clients[page % system.clients.length]!.fetch('GET', path(`entries${query}`));
      seen.push(...((await answer.json()) as FileEntryDto[]).map((entry) => entry.name));
      query = /^<(\?[^>]*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual(Array.from({ length: COUNT }, (_, index) => `f${String(index + 1).padStart(5, '0')}`));
  });

  it('go up and come down as archives, ten thousand files with their modes and links', async () => {
    const [one, other] = [urls()[0]!, urls().at(-1)!];
    await shell(
      `mkdir -p up/a/b && (cd up/a/b && seq ${COUNT} | xargs touch) && echo x > up/run && chmod 4751 up/run && chmod 750 up/a && ln -s run up/link`,
    );
    const described = 'find . -printf "%y %m %P %l\\n" | sort | sha256sum';
    expect(await shell(`tar -C up -cz . | curl -sS -H "$K" -T - -w '%{http_code}' "${one}/archive?path=up"`)).toBe(
      '201',
    );
    const sum = await shell(`cd up && ${described}`);
    expect(await run(`cd up && ${described}`)).toBe(sum);
    await shell(`mkdir down && curl -sSf -H "$K" "${other}/archive?path=up" | tar -C down -xp`);
    expect(await shell(`cd down && ${described}`)).toBe(sum);
    expect(await client.executions(name).then((all) => all.filter(({ command }) => command.includes('tar')))).toEqual(
      [],
    );
  });

  it('are not unpacked by halves: a cut or broken archive leaves nothing', async () => {
    const [url] = urls();
    expect(
      await shell(`echo no archive | curl -sS -H "$K" -T - "${url}/archive?path=broken" | grep -o '"code":"[a-z_]*"'`),
    ).toBe('"code":"invalid_request"');
    await shell(
      `head -c 20M /dev/urandom > big; tar -c big | head -c 8M | timeout 60 curl -sS -o /dev/null -H "$K" -H 'Content-Length: 20000000' -T - "${url}/archive?path=cut" || true`,
    );
    await waitFor('nothing is left', () => run('ls -A | grep -E "cut|broken|partial" || true'), '');
  });

  it('are described, made and moved, also between file systems', async () => {
    const made = await client.json<FileEntryDto>('POST', path('folders'), { path: 'm/deep', mode: '0750' });
    expect(made).toMatchObject({ path: `${workspace}/m/deep`, type: 'folder', mode: '0750' });
    await run('echo content > m/deep/file && ln -s file m/deep/link');
    expect(await client.json('GET', path('stat?path=m/deep/link'))).toMatchObject({ type: 'symlink', target: 'file' });
    const moved = await client.json<FileEntryDto>('POST', path('move'), {
      from: 'm/deep',
      to: `${temporary}/${name}/deep`,
    });
    expect(moved).toMatchObject({ path: `${temporary}/${name}/deep`, mode: '0750' });
    expect(await run(`ls -A m; cat ${temporary}/${name}/deep/link`)).toBe('content');
    const again = client.json('POST', path('move'), {
      from: `${temporary}/${name}/deep`,
      to: `${temporary}/${name}/deep/x`,
    });
    await expect(again).rejects.toMatchObject({ status: 400, problem: { errors: [{ pointer: '/to' }] } });
    await expect(client.json('POST', path('move'), { to: 'a' })).rejects.toMatchObject({ status: 400 });
    await expect(client.json('GET', path('stat?path=none'))).rejects.toMatchObject({
      status: 404,
      problem: { code: 'file_not_found' },
    });
    await expect(client.json('GET', '/api/kata/nobody/files/stat?path=a')).rejects.toMatchObject({
      problem: { code: 'sandbox_not_found' },
    });
  });

  it('are watched: what a command does in them is told, until the sandbox is gone', async () => {
    const answer = await client.fetch('GET', path('events?path=watched&recursive=true'));
    expect(answer.status).toBe(404);
    await run('mkdir watched');
    const watching = await client.fetch('GET', path('events?path=watched&recursive=true'));
    expect(watching.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const told: string[] = [];
    const over = (async (): Promise<void> => {
      for await (const { event = '', data } of readServerSentEvents(watching.body!)) {
        const { path: at, from } = JSON.parse(data) as { path: string; from?: string };
        if (event !== 'modified')
          told.push([event, from, at].filter(Boolean).join(' ').replaceAll(`${workspace}/watched/`, ''));
      }
    })().catch(() => undefined);
    const all = (): string => told.join(', ');
    await run('mkdir -p watched/d/e');
    await waitFor('the folders', all, 'created d, created d/e');
    await run('cd watched && echo 1 > d/e/x && mv d/e/x y && rm y');
    await waitFor('all of it', all, /, created d\/e\/x, moved d\/e\/x y, removed y$/);
    await client.delete(name);
    await over;
  });
}
