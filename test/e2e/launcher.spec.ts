import { execFile } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { atLeast, isEmpty, waitFor } from '@warmbox/testing';
import { Child, WarmboxClient } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

const API_KEY = '0123456789abcdef0123456789abcdef';

describe('npm start', () => {
  /** Bundles of its own: whatever else runs on this machine has another path. */
  let dist: string;
  const launchers: Child[] = [];
  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), 'warmbox-launcher-'));
    await cp(DIST, dist, { recursive: true });
  });
  afterAll(() => rm(dist, { recursive: true, force: true }));
  // Also where the test failed that started it.
  afterEach(async () => {
    await Promise.all(launchers.splice(0).map((child) => child.end()));
  });

  /** Processes on this machine whose command line contains a text. */
  async function running(text: string): Promise<string[]> {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-ww', '-o', 'args=']);
    return stdout.split('\n').filter((line) => line.includes(text));
  }

  /** The launcher, as somebody starts it who has descriptors open, and its client. */
  async function launch(
    environment: Record<string, string> = {},
    descriptors: Record<number, number> = {},
  ): Promise<{ child: Child; client: WarmboxClient }> {
    const main = join(dist, 'local', 'main.js');
    return reached(Child.node(main, { PORT: '0', API_KEY, ...environment }, descriptors));
  }

  async function reached(child: Child): Promise<{ child: Child; client: WarmboxClient }> {
    launchers.push(child);
    const [, url = ''] = await child.prints(/Open\s+(http:\S+)\/api\/docs/);
    return { child, client: new WarmboxClient(url, API_KEY) };
  }

  /** Where a launcher keeps what its sandboxes have, as it says itself. */
  function folderOf(child: Child): string {
    const folder = /--kubeconfig (\S+)\/kubectl\.yaml/.exec(child.output)?.[1];
    if (folder === undefined) throw new Error(`the launcher names no folder:\n${child.output}`);
    return folder;
  }

  /** The launcher with one sandbox in which two commands run; `mark` is the length of their sleep. */
  async function started(mark: string): Promise<Child> {
    const { child, client } = await launch();
    const { name } = await client.create();
    const { events } = await client.executeStreaming(name, { command: `sleep ${mark} & sleep ${mark}`, events: 'all' });
    await events.next();
    // gVisor's processes are not this machine's: of a sandbox there is runsc to be seen, which names the folder.
    const [seen, count] = child.output.includes('gVisor') ? [folderOf(child), 1] : [`sleep ${mark}`, 2];
    await waitFor('both commands run', () => running(seen), { length: atLeast(count) });
    return child;
  }

  it.each([
    ['Ctrl-C', 'SIGINT', '87651'],
    ['kill -9', 'SIGKILL', '87652'],
  ] as const)('leaves no process behind after %s', async (_, signal, mark) => {
    const child = await started(mark);
    const pid = child.process.pid ?? 0;
    await child.end(signal);
    await waitFor('the commands are gone', () => running(`sleep ${mark}`), isEmpty);
    await waitFor('the manager is gone', () => running(`${dist}/`), isEmpty);
    await waitFor('the sandboxes are gone', () => running(folderOf(child)), isEmpty);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('leaves no process behind after kill -9 that does not go when it is asked', async () => {
    const { child, client } = await launch({ ISOLATION: 'plain' });
    const { name } = await client.create();
    // Without the mark its executor does not end it either.
    const command = `(trap '' TERM; setsid env -u WARMBOX_COMMANDS_OF /bin/sleep 87654 > /dev/null 2>&1 &)`;
    await client.execute(name, { command });
    await waitFor('it runs', () => running('/bin/sleep 87654'), { length: atLeast(1) });
    await child.end('SIGKILL');
    await waitFor('it is gone', () => running('/bin/sleep 87654'), isEmpty);
  });

  it('leaves no process of a plain sandbox behind after kill -9 where each has a user of its own', async () => {
    // Of one user with the launcher they cannot be told from what else that user runs.
    if (process.getuid?.() !== 0) return;
    const { child, client } = await launch({ ISOLATION: 'plain' });
    const { name } = await client.create();
    await client.execute(name, { command: '(setsid env -i /bin/sleep 87653 > /dev/null 2>&1 &)' });
    await waitFor('it runs', () => running('/bin/sleep 87653'), { length: atLeast(1) });
    await child.end('SIGKILL');
    await waitFor('it is gone', () => running('/bin/sleep 87653'), isEmpty);
  });

  it.each(['auto', 'plain'])('gives commands a world in which programs work (%s)', async (ISOLATION) => {
    // Node raises the limit of the launcher; this shell has the one that is given.
    const script = `ulimit -Sn 900; trap 'kill $child' TERM; "$@" & child=$!; wait; wait`;
    const variables = Object.entries({ PORT: '0', API_KEY, ISOLATION }).map((pair) => pair.join('='));
    const argv = ['env', ...variables, process.execPath, join(dist, 'local', 'main.js')];
    const { child, client } = await reached(Child.program('/bin/bash', ['-c', script, 'shell', ...argv]));
    try {
      const { name } = await client.create();
      const run = async (command: string): Promise<string> => (await client.execute(name, { command })).stdout;
      expect(await run('ulimit -Sn')).toBe('900\n');
      expect(await run('getent hosts localhost >/dev/null; echo $?')).toBe('0\n');
      if (child.output.includes('plain processes')) return;
      expect(await run('getent hosts "$(hostname)" >/dev/null; echo $?')).toBe('0\n');
      expect(await run('getent passwd "$(id -u)" | cut -d: -f6; echo "$HOME"')).toBe('/workspace\n/workspace\n');
      expect(await run(`grep -c ${dist} /proc/self/mountinfo`)).toBe('0\n');
    } finally {
      await child.end();
    }
  });

  it('does not start for root that only has another number in a user namespace', async () => {
    if (process.getuid?.() !== 0) return;
    const other = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
    const argv = [...other, process.execPath, join(dist, 'local', 'main.js')];
    const child = Child.program('env', ['PORT=0', `API_KEY=${API_KEY}`, ...argv]);
    await waitFor(
      'it has ended or runs',
      () => child.output,
      (text) => !child.isRunning || text.includes('Ctrl-C'),
    );
    const { code } = await child.end();
    // Where this machine makes no user namespaces there is none to be wrong in.
    if (child.output.includes('unshare failed')) return;
    expect(code).toBe(1);
    expect(child.output).toContain('Sandboxes must not run as root');
  });

  it('says in a sentence that it has no temporary folder, and ends with 2', async () => {
    const child = Child.node(join(dist, 'local', 'main.js'), { PORT: '0', API_KEY, TMPDIR: '/no/such/folder' });
    expect((await child.ended()).code).toBe(2);
    expect(child.output).toMatch(
      /TMPDIR = "\/no\/such\/folder": must be a folder in which folders can be made \(ENOENT\)/,
    );
    expect(child.output).not.toMatch(/^ +at /m);
  });

  describe.each(['auto', 'plain'])('with isolation %s', (ISOLATION) => {
    let child: Child;
    let client: WarmboxClient;
    let name: string;
    beforeAll(async () => {
      const folder = openSync('/', 'r');
      ({ child, client } = await launch({ ISOLATION }, { 3: folder, 16: folder, 19: folder, 201: folder }));
      // It is ended with its last test, not with its first.
      launchers.splice(launchers.indexOf(child), 1);
      closeSync(folder);
      ({ name } = await client.create());
    });
    afterAll(() => child.end());

    it('shows a command 0, 1, 2 and nothing that the launcher has open', async () => {
      // Not `ls`: it has the list open itself.
      const command = 'for file in /dev/fd/*; do [ -e "$file" ] && echo "${file##*/}"; done; true';
      const { stdout } = await client.execute(name, { command });
      expect(stdout).toBe('0\n1\n2\n');
    });

    it('stops with 0 and leaves no file of a guest behind, however deep or locked', async () => {
      const folder = folderOf(child);
      const long = 'n'.repeat(200);
      // Put from one into the next: no name on the way is long, as some systems' getcwd would not bear.
      const deepen = `for i in {1..30}; do mkdir next; mv ${long} next/; mv next ${long}; done`;
      const command = `set -e; mkdir -p m ${long}/m; touch m/go.mod ${long}/m/file; chmod 555 m ${long}/m; ${deepen}`;
      expect(await client.execute(name, { command })).toMatchObject({ exitCode: 0 });
      expect(existsSync(folder)).toBe(true);
      expect(await child.end()).toEqual({ code: 0, signal: null });
      expect(existsSync(folder)).toBe(false);
      expect(child.output).not.toContain('left behind');
    });
  });
});
