import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { chromium, type Browser } from 'playwright-core';
import { request } from 'undici';
import { WebSocket } from 'ws';
import { startLocalSystem } from '../e2e/suite.js';
import { KeyedProxy } from './keyed.proxy.js';

/** What is installed for the test, from the registry that npm is configured for. */
const VITE = 'vite@7.3.8';

/** Ports of a Vite at the root, and of one that knows what stands before its paths. */
const AT_ROOT = 5173;
const WITH_BASE = 5174;

const FILES = [
  {
    path: 'app/index.html',
    content: '<!doctype html><p id="word">?</p><script type="module" src="./main.js"></script>',
  },
  {
    path: 'app/main.js',
    content: `import { word } from './word.js';
const show = (text) => { document.getElementById('word').textContent = text; };
show(word);
import.meta.hot.accept('./word.js', (next) => show(next.word));
`,
  },
  { path: 'app/word.js', content: "export const word = 'first';\n" },
];

const BROWSER = ((): string | undefined => {
  try {
    return execFileSync('sh', ['-c', 'command -v chromium || command -v google-chrome'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();

/** A dev server with hot reload in a sandbox that sees this machine's files, where Vite is installed for all of them. */
describe('Vite in a sandbox', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let proxy: KeyedProxy;
  let folder: string;
  let name: string;
  /** Where it is: by host name at the root, and by the whole path. */
  let places: { port: number; host?: string; base: string }[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-vite-'));
    await chmod(folder, 0o755);
    const arguments_ = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', VITE];
    await promisify(execFile)('npm', arguments_, { cwd: folder });
    const environment = { PORTS_DOMAIN: 'localhost', MAX_CONTAINER_LIFETIME_MINUTES: '30' };
    system = await startLocalSystem({ environment, cluster: { isolation: 'plain' } });
    [client] = system.clients as [WarmboxClient];
    proxy = await KeyedProxy.start(client.url, client.apiKey);
    const made = await client.fetch('POST', '/api/kata/run', { body: { command: 'true', files: FILES, keep: true } });
    await made.text();
    name = made.headers.get('x-sandbox-name')!;
    const base = `/api/kata/${name}/absolute-ports/${WITH_BASE}/`;
    places = [
      { port: AT_ROOT, host: `${AT_ROOT}-${name}.localhost:${proxy.port}`, base: '/' },
      { port: WITH_BASE, base },
    ];
    for (const { port, base: own } of places) {
      await client.json('POST', `/api/kata/${name}/execute`, {
        command: 'exec /proc/$PPID/exe "$VITE" --host 127.0.0.1 --port "$PORT" --strictPort --base "$BASE"',
        environmentVariables: {
          VITE: join(folder, 'node_modules/vite/bin/vite.js'),
          PORT: String(port),
          BASE: own,
        },
        cwd: 'app',
        detached: true,
        timeoutSeconds: 1_200,
      });
    }
    for (const [index, { base: own }] of places.entries()) {
      const status = async (): Promise<number> => (await ask(index, `${own}main.js`)).status;
      await waitFor(`Vite below ${own}`, status, 200, 60_000);
    }
  }, 180_000);

  afterAll(async () => {
    await proxy.stop();
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const hostOf = ({ host = new URL(client.url).host }: { host?: string }): string => host;
  const headersAt = (index: number): Record<string, string> => ({
    host: hostOf(places[index]!),
    'x-api-key': client.apiKey,
  });
  const ask = async (index: number, path: string): Promise<{ status: number; text: string }> => {
    const { statusCode, body } = await request(`${client.url}${path}`, { headers: headersAt(index) });
    return { status: statusCode, text: await body.text() };
  };
  const write = (word: string): Promise<unknown> =>
    client.execute(name, { command: `echo "export const word = '${word}';" > app/word.js` });

  it.each([
    ['by host name', 0],
    ['by path, with its base', 1],
  ])('tells of a file that has changed over its WebSocket: %s', async (_, index) => {
    const { base } = places[index]!;
    const headers = headersAt(index);
    const { text: script } = await ask(index, `${base}@vite/client`);
    const [, token = ''] = /wsToken = "([^"]+)"/.exec(script) ?? [];
    // A module that nobody has asked for is none that changes.
    for (const path of ['main.js', 'word.js']) expect((await ask(index, base + path)).status).toBe(200);
    const url = `${client.url.replace('http', 'ws')}${base}?token=${token}`;
    const socket = new WebSocket(url, 'vite-hmr', { headers, origin: `http://${headers.host ?? ''}` });
    const heard: string[] = [];
    socket.on('message', (data: Buffer) => heard.push(data.toString()));
    await waitFor('it is connected', () => heard.join(), /"type":"connected"/);
    await write(`changed ${index}`);
    await waitFor('the update', () => heard.join(), /"type":"update".*word\.js/);
    socket.terminate();
  });

  (BROWSER === undefined ? describe.skip : describe)('in a browser', () => {
    let browser: Browser;

    beforeAll(async () => {
      const args = ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'];
      browser = await chromium.launch({ executablePath: BROWSER, args });
    }, 60_000);
    afterAll(() => browser.close());

    it.each([
      ['by host name', 0],
      ['by path, with its base', 1],
    ])('shows what has changed, without loading the page again: %s', async (_, index) => {
      const { host = `localhost:${proxy.port}`, base } = places[index]!;
      await write('before');
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(`http://${host}${base}`);
      await waitFor('the page', () => page.textContent('#word'), 'before');
      await page.evaluate('window.isTheSamePage = true');
      // The first connection may be a moment behind the page.
      await waitFor(
        'the page shows the change',
        async () => {
          await write('after');
          return page.textContent('#word');
        },
        'after',
      );
      expect(await page.evaluate('window.isTheSamePage')).toBe(true);
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('shows why there is nothing where nobody listens', async () => {
      const page = await browser.newPage();
      const answer = await page.goto(`http://9-${name}.localhost:${proxy.port}/`);
      expect(answer?.status()).toBe(502);
      expect(await page.textContent('body')).toContain('port_unreachable');
      await page.close();
    });
  });
});
