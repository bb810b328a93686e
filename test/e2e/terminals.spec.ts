import { createHash, randomBytes } from 'node:crypto';
import { waitFor, type TerminalClient } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem, startSystem, type System } from './suite.js';

const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';

describe('a terminal', () => {
  describe('in a sandbox', () => itWorks(() => startSystem({ managers: 2 })));

  const local = process.env.E2E_URLS ? describe.skip : describe;
  local('in a sandbox without isolation', () =>
    itWorks(() => startLocalSystem({ managers: 2, cluster: { isolation: 'plain' } })),
  );

  local('whose manager stops', () => {
    it('loses its viewer, who comes back through another one and misses nothing', async () => {
      const system = await startLocalSystem({ managers: 2 });
      const [first, second] = system.clients as [WarmboxClient, WarmboxClient];
      const { name } = await first.create();
      const argv = ['/bin/bash', '-c', 'read -r _; for i in $(seq 1 20000); do echo "line $i"; done; read -r _'];
      await first.createTerminal(name, { argv, cols: 80, rows: 24, terminalId: 'main' });
      const before = await first.viewTerminal(name, 'main');
      before.type('\r');
      await before.shows(/line 100\r/);
      await system.managers[0]!.child.end();
      await waitFor('the connection is over', () => before.closed ?? 0, 1006);
      const after = await second.viewTerminal(name, 'main', `?after=${before.bytes}`);
      await after.shows(/line 20000\r\n$/);
      after.type('\r');
      await after.ended();
      const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\r\n`).join('');
      expect(before.text + after.text === `\r\n${lines}\r\n`).toBe(true);
      await system.stop();
    });
  });
});

function itWorks(start: () => Promise<System>): void {
  let system: System;
  let first: WarmboxClient;
  let second: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await start();
    [first, second] = [system.clients[0]!, system.clients.at(-1)!];
    ({ name } = await first.create({ environmentVariables: { WHO: 'ada' } }));
  });
  afterAll(() => system.stop());

  async function shell(terminalId: string): Promise<TerminalClient> {
    const argv = ['/bin/bash', '--norc', '--noprofile', '-i'];
    const environmentVariables = { PS1: '> ' };
    await first.createTerminal(name, { argv, environmentVariables, cols: 80, rows: 24, terminalId });
    const client = await first.viewTerminal(name, terminalId);
    await client.shows(/> $/);
    return client;
  }

  it('is a shell with job control, the variables of the sandbox and the size of its viewer', async () => {
    const client = await shell('jobs');
    client.resize(123, 45);
    client.type('stty size; echo "<$WHO $TERM>"\r');
    await client.shows(/45 123\r\n<ada xterm-256color>/);
    client.type('sleep 4242\r');
    await waitFor('it runs', () => first.execute(name, { command: 'pgrep -fx "sleep 4242"' }), { exitCode: 0 });
    client.type(CTRL_Z);
    await client.shows(/Stopped/);
    client.type('fg\r');
    await client.shows(/fg\r\n[^]*sleep 4242\r\n/);
    client.type(CTRL_C);
    // Linux echoes `^C`, gVisor does not.
    await client.shows(/fg\r\n[^]*sleep 4242\r\n[^]*\r\n[^]*> $/);
    client.type('echo "code $?"; exit 3\r');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 3 });
    expect(client.text).toContain('code 130');
    expect(await second.terminal(name, 'jobs')).toMatchObject({ state: 'completed', exitCode: 3 });
  });

  it('is looked at through any manager at once, and again from where a viewer left off', async () => {
    const one = await shell('both');
    const other = await second.viewTerminal(name, 'both');
    other.type('echo "one and $((1 + 1))"\r');
    await Promise.all([one.shows(/one and 2\r\n[^]*> $/), other.shows(/one and 2\r\n[^]*> $/)]);
    expect(other.text).toBe(one.text);
    one.socket.terminate();
    other.type('seq 1 100; exit\r');
    await other.ended();
    const again = await second.viewTerminal(name, 'both', `?after=${one.bytes}`);
    expect(await again.ended()).toEqual({ type: 'exit', exitCode: 0 });
    expect(one.text + again.text).toBe(other.text);
  });

  it('is ended by DELETE through another manager, and refusals come before the 101', async () => {
    const client = await shell('over');
    const path = `/api/kata/${name}/terminals`;
    expect(await second.json('DELETE', `${path}/over`)).toMatchObject({ state: 'completed', signal: 'SIGHUP' });
    expect(await client.ended()).toMatchObject({ signal: 'SIGHUP', exitCode: 129 });
    await expect(first.createTerminal(name, { cols: 80, rows: 24, terminalId: 'over' })).rejects.toMatchObject({
      status: 409,
    });
    await expect(second.viewTerminal(name, 'none')).rejects.toThrow('404');
    await expect(second.viewTerminal('nobody', 'over')).rejects.toThrow('404');
    await expect(second.viewTerminal(name, 'over', '?after=999999')).rejects.toThrow('400');
    const terminals = await first.json<{ id: string }[]>('GET', path);
    expect(terminals.map(({ id }) => id)).toEqual(expect.arrayContaining(['over', 'both', 'jobs']));
  });

  it('loses nothing of the last words of its program', async () => {
    const argv = ['/bin/bash', '-c', 'stty -opost; seq 1 3000; exit 9'];
    const lines = Array.from({ length: 3000 }, (_, index) => `${index + 1}\n`).join('');
    const runs = Array.from({ length: 16 }, async () => {
      const { id } = await first.createTerminal(name, { argv, cols: 80, rows: 24 });
      const client = await second.viewTerminal(name, id, '?after=0');
      expect(await client.ended()).toEqual({ type: 'exit', exitCode: 9 });
      expect(client.text === lines).toBe(true);
    });
    await Promise.all(runs);
  });

  it('takes what is typed faster than its program reads, of any bytes', async () => {
    const argv = [
      '/bin/bash',
      '-c',
      'stty raw -echo; echo ready; sleep 0.5; head -c 300000 | sha256sum; head -c 1 > /dev/null',
    ];
    const { id } = await first.createTerminal(name, { argv, cols: 80, rows: 24 });
    const client = await second.viewTerminal(name, id);
    await client.shows(/ready/);
    const bytes = randomBytes(300_000);
    client.socket.send(bytes);
    const sum = createHash('sha256').update(bytes).digest('hex');
    await client.shows(new RegExp(sum));
    client.type('x');
    await client.ended();
  });

  it('ends with its sandbox', async () => {
    const client = await shell('last');
    await first.delete(name);
    await waitFor('the connection is over', () => client.closed);
    await second.gone(name);
    await expect(second.viewTerminal(name, 'last')).rejects.toThrow('410');
  });
}
