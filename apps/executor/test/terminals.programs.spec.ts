import { accessSync, constants } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor, type TerminalClient } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

const CTRL_B = '\u0002';
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
const ESCAPE = '\u001b';

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

describe('a program in a terminal', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  async function start(...argv: string[]): Promise<TerminalClient> {
    const body = { cols: 80, rows: 24, argv, environmentVariables: { PS1: '> ' } };
    const { json } = await executor.ask('/api/terminals', { method: 'POST', body });
    return executor.view(String(json.id));
  }
  const shell = (): Promise<TerminalClient> => start('/bin/bash', '--norc', '--noprofile', '-i');
  const runs = (name: string): Promise<unknown> =>
    waitFor(`${name} runs`, () => executor.run({ argv: ['pgrep', '-fx', name] }), { exitCode: 0 });

  it('is interrupted by Ctrl-C, stopped by Ctrl-Z and goes on by fg', async () => {
    const client = await shell();
    await client.shows(/> $/);
    client.type('sleep 2001\r');
    await runs('sleep 2001');
    client.type(CTRL_Z);
    await client.shows(/Stopped/);
    client.type('echo "stopped $?"; jobs\r');
    await client.shows(/stopped 148\r\n\[1\]\+\s+Stopped/);
    client.type('fg\r');
    await client.shows(/fg\r\n[^]*sleep 2001\r\n/);
    client.type(CTRL_C);
    await client.shows(/\^C/);
    client.type('echo "interrupted $?"; bg\r');
    await client.shows(/interrupted 130\r\n[^]*bg: current: no such job/);
    client.type('exit 6\r');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 6 });
  });

  it('is told its new size by SIGWINCH', async () => {
    const client = await start(
      '/bin/bash',
      '-c',
      'trap "stty size; exit 7" WINCH; echo ready; while :; do sleep 0.05; done',
    );
    await client.shows(/ready/);
    client.resize(211, 57);
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 7 });
    expect(client.text).toContain('57 211');
  });

  it('has a controlling terminal, whatever its output is', async () => {
    const client = await start(
      '/bin/bash',
      '-c',
      'echo to the terminal > /dev/tty; read -r line < /dev/tty; echo "<$line>"',
    );
    await client.shows(/to the terminal/);
    client.type('typed\r');
    await client.ended();
    expect(client.text).toContain('<typed>');
  });

  it('may be script(1), which opens a terminal of its own', async () => {
    const client = await start('script', '-qec', 'tty; exit 5', '/dev/null');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 5 });
    expect(client.text).toMatch(/\/dev\/pts\/\d+/);
  });

  it('draws, and reads keys one by one', async () => {
    const script = [
      'import curses',
      'def main(screen):',
      '    size = screen.getmaxyx()',
      '    while True:',
      '        screen.addstr(0, 0, "%dx%d" % size[::-1])',
      '        key = screen.getch()',
      '        if key == ord("q"): return',
      '        if key == curses.KEY_RESIZE: size = screen.getmaxyx()',
      '        screen.addstr(1, 0, "up" if key == curses.KEY_UP else "other")',
      'curses.wrapper(main)',
    ];
    const client = await start('python3', '-c', script.join('\n'));
    await client.shows(/80x24/);
    client.type(`${ESCAPE}OA`);
    await client.shows(/up/);
    client.resize(132, 43);
    await client.shows(/132/);
    client.type('q');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 0 });
  });

  const vim = isInstalled('vim') ? it : it.skip;
  vim('may be vim', async () => {
    const file = join(executor.workspace, 'poem');
    await writeFile(file, 'one\ntwo\n');
    const client = await start('vim', '-u', 'NONE', '-N', 'poem');
    await client.shows(/one[^]*two/);
    client.type(`GOthree €${ESCAPE}`);
    await client.shows(/three €/);
    client.resize(100, 40);
    client.type(':wq\r');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 0 });
    expect(await readFile(file, 'utf8')).toBe('one\nthree €\ntwo\n');
  });

  const htop = isInstalled('htop') ? it : it.skip;
  htop('may be htop', async () => {
    const client = await start('htop');
    await client.shows(/Load average/);
    client.type('q');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 0 });
  });

  const tmux = isInstalled('tmux') ? it : it.skip;
  tmux('may be tmux, whose server lives on when it is detached, and ends with the terminal', async () => {
    const client = await shell();
    const name = `of-${process.pid}`;
    client.type(`tmux -L ${name} -f /dev/null new -s one\r`);
    await client.shows(/\[one\]/);
    client.type('echo "in $TMUX"\r');
    await client.shows(new RegExp(`in \\S*${name}`));
    client.type(`${CTRL_B}d`);
    await client.shows(/\[detached/);
    client.type(`tmux -L ${name} attach\r`);
    await waitFor(
      'it is attached again',
      () => executor.run({ argv: ['tmux', '-L', name, 'list-clients'] }),
      ({ stdout }) => String(stdout).includes('one'),
    );
    const [{ id } = { id: '' }] = JSON.parse((await executor.ask('/api/terminals')).text) as { id: string }[];
    await executor.ask(`/api/terminals/${id}`, { method: 'DELETE' });
    await client.ended();
    await waitFor('its server has ended', () => executor.run({ command: `pgrep -f "tmux -L ${name}"` }), {
      exitCode: 1,
    });
  });
});
