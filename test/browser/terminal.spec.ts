import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { atLeast, waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import type { Browser, Page } from 'playwright-core';
import { startLocalSystem } from '../e2e/suite.js';
import { TerminalSite } from './terminal.site.js';

const MI = 1_048_576;

const chromium = ((): string | undefined => {
  try {
    return execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();
// `npm test` needs nothing but Node; continuous integration sets this, so that it cannot skip without anybody noticing.
const withChromium = chromium !== undefined || process.env.CHROMIUM_REQUIRED === '1' ? describe : describe.skip;

withChromium(
  'a terminal in a real browser, by xterm.js and its AttachAddon (skipped where chromium is not on the PATH)',
  () => {
    let system: LocalSystem | undefined;
    let client: WarmboxClient;
    let site: TerminalSite | undefined;
    let browser: Browser | undefined;
    let page: Page;
    let name: string;

    beforeAll(async () => {
      const { chromium: driver } = await import('playwright-core');
      system = await startLocalSystem({ managers: 2 });
      client = system.clients[0]!;
      site = await TerminalSite.start(system.clients);
      browser = await driver.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
      ({ name } = await client.create());
    });
    afterAll(async () => {
      await browser?.close();
      await site?.stop();
      await system?.stop();
    });
    beforeEach(async () => {
      page = await browser!.newPage();
      await page.goto(site!.url);
    });
    afterEach(() => page.close());

    /** Runs in the page, whose variables are no properties of its window. */
    const inPage = <T>(expression: string): Promise<T> => page.evaluate<T>(expression);

    const look = (id: string, { manager = 0, query = '' } = {}): Promise<unknown> =>
      inPage(
        `connect(${JSON.stringify(`/${manager}/api/kata/${name}/terminals/${id}/connect${query}`)}).then(() => terminal.focus())`,
      );
    async function open(terminalId: string, ...argv: string[]): Promise<void> {
      const environmentVariables = { PS1: '> ' };
      await client.createTerminal(name, { argv, environmentVariables, cols: 80, rows: 24, terminalId });
      await look(terminalId);
    }
    const shell = (id: string): Promise<void> => open(id, '/bin/bash', '--norc', '--noprofile', '-i');
    /** All lines that the page has, those above the screen too. */
    const screen = (): Promise<string> =>
      inPage(
        `(({ active }) => Array.from({ length: active.length }, (_, y) => active.getLine(y).translateToString(true)).join('\\n').trimEnd())(terminal.buffer)`,
      );
    const shows = (pattern: RegExp): Promise<string> => waitFor(`the page shows ${pattern}`, screen, pattern);
    const type = (text: string): Promise<void> => page.keyboard.type(text);

    it('shows what is typed and printed, in its colours, of any script', async () => {
      await shell('typing');
      await shows(/>$/);
      await type("printf '\\e[1;31m%s\\e[0m %s\\n' red 'grün €😀 日本'\n");
      const text = await shows(/^red grün €😀 日本$/m);
      const y = text.split('\n').indexOf('red grün €😀 日本');
      const cell = await inPage(
        `(({ active }) => { const cell = active.getLine(${y}).getCell(0); return { colour: cell.getFgColor(), bold: cell.isBold() !== 0 }; })(terminal.buffer)`,
      );
      expect(cell).toEqual({ colour: 1, bold: true });
    });

    it('has keys that are no letters: arrows, Ctrl-C, Ctrl-Z', async () => {
      await shell('keys');
      await type('echo first\n');
      await shows(/^first$/m);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await shows(/^first\n[^]*^first$/m);
      await type('sleep 5151\n');
      await waitFor('it runs', () => client.execute(name, { command: 'pgrep -fx "sleep 5151"' }), { exitCode: 0 });
      await page.keyboard.press('Control+z');
      await shows(/Stopped/);
      await type('fg\n');
      await shows(/^sleep 5151$/m);
      await page.keyboard.press('Control+c');
      await type('echo "code $?"\n');
      await shows(/^code 130$/m);
    });

    it('tells its new size', async () => {
      await shell('size');
      await inPage('terminal.resize(111, 37)');
      await type('stty size\n');
      await shows(/^37 111$/m);
      expect(await client.terminal(name, 'size')).toMatchObject({ cols: 111, rows: 37 });
    });

    it('may be drawn on by a program that takes the whole screen, and is left as it was', async () => {
      await shell('drawing');
      await type('echo before; printf "\\e[?1049h\\e[5;10Hdr\\x61wn"; read -rsn1; printf "\\e[?1049l"; echo after\n');
      const drawn = await shows(/drawn/);
      expect(drawn).not.toContain('before');
      expect(drawn.split('\n')[4]).toBe('         drawn');
      await type('x');
      expect(await shows(/^after$/m)).toMatch(/^before$/m);
    });

    it('takes a paste', async () => {
      await shell('paste');
      await type('echo now; cat > pasted\n');
      await shows(/^now$/m);
      const lines = Array.from({ length: 2000 }, (_, index) => `line ${index} {"type":"module"}`).join('\n');
      await inPage(`terminal.paste(${JSON.stringify(`${lines}\n`)})`);
      await shows(/line 1999/);
      await page.keyboard.press('Control+d');
      await waitFor('the file', () => client.execute(name, { command: 'cat pasted' }), { stdout: `${lines}\n` });
    });

    it('is the same again through another manager, with what was printed meanwhile', async () => {
      await open(
        'again',
        '/bin/bash',
        '-c',
        'for i in $(seq 1 50); do echo "line $i"; done; read -r _; for i in $(seq 51 99); do echo "line $i"; done; read -r _',
      );
      await shows(/line 50$/);
      const bytes = await inPage<number>('bytes');
      await inPage('socket.close()');
      await waitFor('nobody looks at it', () => client.terminal(name, 'again'), { viewers: 0 });
      const other = await system!.clients[1]!.viewTerminal(name, 'again');
      other.type('\r');
      await other.shows(/line 99\r\n$/);
      other.socket.close();
      await look('again', { manager: 1, query: `?after=${bytes}` });
      await shows(/line 99$/);
      const lines = Array.from({ length: 99 }, (_, index) => `line ${index + 1}`);
      expect((await screen()).split('\n').filter(Boolean)).toEqual(lines);
      await page.keyboard.press('Enter');
      await shows(/\{"type":"exit","exitCode":0\}$/);
    });

    it('goes on after the page has slept through ten megabytes, which nobody has held for it', async () => {
      await shell('sleep');
      await shows(/>$/);
      const memory = async (): Promise<{ manager: number; executor: number }> => {
        const { stdout } = await client.execute(name, { command: 'cat /proc/1/status' });
        const manager = await readFile(`/proc/${system!.managers[0]!.child.process.pid}/status`, 'utf8');
        return { manager: anonymousOf(manager), executor: anonymousOf(stdout) };
      };
      const before = await memory();
      const devtools = await page.context().newCDPSession(page);
      await devtools.send('Debugger.enable');
      await type('head -c 10000000 /dev/zero | tr "\\0" x; echo; echo over\n');
      await devtools.send('Debugger.pause');
      await waitFor('all is printed', async () => (await client.terminal(name, 'sleep')).bytes, atLeast(10_000_000));
      const asleep = await memory();
      expect(asleep.manager - before.manager).toBeLessThan(24 * MI);
      expect(asleep.executor - before.executor).toBeLessThan(24 * MI);
      await devtools.send('Debugger.resume');
      await devtools.send('Debugger.disable');
      await shows(/^over$/m);
      await type('echo "awake $((40 + 2))"\n');
      await shows(/^awake 42$/m);
    });
  },
);

/** Bytes of anonymous memory, from /proc/PID/status. */
function anonymousOf(status: string): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1] ?? NaN) * 1024;
}
