import type { OutputPageDto } from '@warmbox/dto';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startSystem, type System } from './suite.js';

describe('output in pages', () => {
  let system: System;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await startSystem({ managers: 2 });
    client = system.clients[0]!;
    ({ name } = await client.create());
  });
  afterAll(() => system.stop());

  /** All pages of an execution, each through another manager than the one before. */
  async function pagesOf(id: string, limit: number): Promise<OutputPageDto[]> {
    const pages: OutputPageDto[] = [];
    for (let next = 0; ; next = pages.at(-1)!.next) {
      const through = system.clients[pages.length % system.clients.length]!;
      pages.push(await through.output(name, id, `?after=${next}&limit=${limit}&waitSeconds=30`));
      const { state, next: reached, end } = pages.at(-1)!;
      if (state === 'completed' && reached === end) return pages;
    }
  }

  it('are the whole of it, for a command that is started by JSON and followed by polling', async () => {
    const command = 'for i in 1 2 3; do echo "€ $i"; sleep 0.3; done; echo end >&2; exit 7';
    const started = await client.fetch('POST', `/api/kata/${name}/execute`, {
      body: { command, detached: true, executionId: 'polled-one' },
      headers: { accept: 'application/json' },
    });
    expect(started.status).toBe(202);
    const pages = await pagesOf('polled-one', 5);
    expect(pages.map(({ stdout }) => stdout).join('')).toBe('€ 1\n€ 2\n€ 3\n');
    expect(pages.map(({ stderr }) => stderr).join('')).toBe('end\n');
    expect(pages.at(-1)).toMatchObject({ exitCode: 7, end: 22 });
  });

  it('wait for output, and come with it', async () => {
    await client.fetch('POST', `/api/kata/${name}/execute`, {
      body: {
        command: 'until [ -e speak ]; do sleep 0.05; done; echo spoken; sleep 60',
        detached: true,
        executionId: 'waited-for',
      },
      headers: { accept: 'application/json' },
    });
    expect(await client.output(name, 'waited-for')).toMatchObject({ state: 'running', end: 0 });
    const page = client.output(name, 'waited-for', '?waitSeconds=60');
    await client.execute(name, { command: 'touch speak' });
    expect(await page).toMatchObject({ state: 'running', stdout: 'spoken\n', next: 7 });
    await client.json('DELETE', `/api/kata/${name}/executions/waited-for`);
  });
});
