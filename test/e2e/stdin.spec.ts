import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { waitFor } from '@warmbox/testing';
import type { LocalSystem, WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

const MI = 2 ** 20;

describe('standard input that is kept open', () => {
  let system: LocalSystem;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2 });
    client = system.clients[0]!;
    ({ name } = await client.create());
  });
  afterAll(() => system.stop());

  /** Starts a program that waits for input, detached, so that nobody has to listen. */
  async function start(executionId: string, request: { command?: string; argv?: string[] }): Promise<void> {
    const response = await client.fetch('POST', `/api/kata/${name}/execute`, {
      body: { ...request, executionId, keepStdinOpen: true, detached: true, timeoutSeconds: 120 },
      headers: { accept: 'application/json' },
    });
    expect(response.status).toBe(202);
  }

  const urlOf = (id: string, query = '', through = client): string =>
    `${through.url}/api/kata/${name}/executions/${id}/stdin${query}`;

  /** curl as people use it; its standard input is what it sends. */
  function curl(url: string, ...options: string[]): { process: ChildProcess; answer: Promise<string> } {
    const child = spawn('curl', ['-sS', '-N', '-X', 'POST', '-H', `X-Api-Key: ${client.apiKey}`, ...options, url]);
    let text = '';
    child.stdout.on('data', (chunk) => (text += String(chunk)));
    child.stderr.on('data', (chunk) => (text += String(chunk)));
    child.stdin.on('error', () => undefined);
    return { process: child, answer: once(child, 'close').then(() => text) };
  }

  const send = async (id: string, text: string, query = ''): Promise<unknown> =>
    JSON.parse(await curl(urlOf(id, query), '--data-binary', text).answer);

  const printed = (id: string, text: string): Promise<unknown> =>
    waitFor(
      `${id} prints ${text}`,
      () => client.output(name, id),
      ({ stdout }) => stdout.includes(text),
    );

  const ended = (id: string): Promise<unknown> =>
    waitFor(
      `${id} has ended`,
      () => client.execution(name, id),
      ({ state }) => state === 'completed',
    );

  it('drives Python, which Ctrl-C interrupts without an end', async () => {
    await start('a-python', { argv: ['python3', '-i', '-q'] });
    await send('a-python', 'print(6 * 7)\n');
    await printed('a-python', '42\n');
    await send('a-python', 'import os, time; os.write(1, b"asleep\\n"); time.sleep(100)\n');
    await printed('a-python', 'asleep\n');
    await client.signal(name, 'a-python', 'SIGINT');
    expect(await send('a-python', 'print("awake")\n', '?end=true')).toMatchObject({ ended: true });
    await printed('a-python', 'awake\n');
    expect(await ended('a-python')).toMatchObject({ exitCode: 0 });
  });

  it('drives a shell through one request that somebody types', async () => {
    await start('the-shell', { argv: ['bash'] });
    const { process: typist, answer } = curl(urlOf('the-shell'), '-T', '-');
    typist.stdin!.write('cd /tmp; pwd\n');
    await printed('the-shell', '/tmp\n');
    typist.stdin!.write('echo $((40 + 2))\n');
    await printed('the-shell', '42\n');
    expect(await send('the-shell', 'echo meanwhile\n')).toMatchObject({ status: 409, code: 'conflict' });
    typist.stdin!.end('exit 3\n');
    expect(JSON.parse(await answer)).toMatchObject({ executionId: 'the-shell', bytes: 37 });
    expect(await ended('the-shell')).toMatchObject({ exitCode: 3 });
  });

  it('stays open where a client is killed, and its manager, and goes on through another', async () => {
    await start('some-cat', { argv: ['cat'] });
    const left = curl(urlOf('some-cat', '?end=true'), '-T', '-');
    left.process.stdin!.write('one\n');
    await printed('some-cat', 'one\n');
    left.process.kill('SIGKILL');
    await waitFor('it is noticed', () => send('some-cat', 'two\n') as Promise<{ bytes?: number }>, { bytes: 4 });
    const [, other] = system.clients as [WarmboxClient, WarmboxClient];
    const lost = curl(urlOf('some-cat', '?end=true', other), '-T', '-');
    lost.process.stdin!.write('three\n');
    await printed('some-cat', 'three\n');
    system.managers[1]!.child.process.kill('SIGKILL');
    // curl looks at what it is answered when it has something to send.
    lost.process.stdin!.end('lost\n');
    await lost.answer;
    await waitFor('it is noticed', () => send('some-cat', 'four\n') as Promise<{ bytes?: number }>, { bytes: 5 });
    expect(await send('some-cat', '', '?end=true')).toMatchObject({ ended: true });
    await ended('some-cat');
    expect(await client.output(name, 'some-cat')).toMatchObject({ stdout: 'one\ntwo\nthree\nfour\n', exitCode: 0 });
  });

  it('takes 100 MiB into a program, of which neither the manager nor the executor holds anything', async () => {
    await start('check-sum', { command: 'sha256sum' });
    const managerMi = async (): Promise<number> =>
      anonymousMi(await readFile(`/proc/${system.managers[0]!.child.process.pid}/status`, 'utf8'));
    const executorMi = async (): Promise<number> =>
      anonymousMi((await client.execute(name, { command: 'cat /proc/$PPID/status' })).stdout);
    const before = { manager: await managerMi(), executor: await executorMi() };
    const most = { ...before };
    const bytes = 100 * MI;
    const upload = spawn('bash', [
      '-c',
      `head -c ${bytes} /dev/zero | curl -sS -X POST -H 'X-Api-Key: ${client.apiKey}' -T - '${urlOf('check-sum', '?end=true')}'`,
    ]);
    let text = '';
    upload.stdout.on('data', (chunk) => (text += String(chunk)));
    const over = once(upload, 'close').then(() => true);
    const look = async (): Promise<boolean> => {
      most.manager = Math.max(most.manager, await managerMi());
      most.executor = Math.max(most.executor, await executorMi());
      return false;
    };
    while (!(await Promise.race([over, look()])));
    expect(JSON.parse(text)).toEqual({ executionId: 'check-sum', bytes, ended: true });
    await printed('check-sum', '20492a4d0d84f8beb1767f6616229f85d44c2827b64bdbfb260ee12fa1109e0e  -\n');
    process.stdout.write(
      `100 MiB: manager ${before.manager.toFixed(0)} to ${most.manager.toFixed(0)} MiB, executor ${before.executor.toFixed(0)} to ${most.executor.toFixed(0)} MiB\n`,
    );
    expect(most.manager - before.manager).toBeLessThan(32);
    expect(most.executor - before.executor).toBeLessThan(24);
  }, 120_000);

  it('makes the client wait for a program that does not read, and ends that wait with the sandbox', async () => {
    const { name: doomed } = await client.create();
    await client.fetch('POST', `/api/kata/${doomed}/execute`, {
      body: { command: 'sleep 100', executionId: 'never-reads', keepStdinOpen: true, detached: true },
      headers: { accept: 'application/json' },
    });
    const url = `${client.url}/api/kata/${doomed}/executions/never-reads/stdin`;
    const waiting = curl(url, '-T', '-');
    let sent = 0;
    const more = (): void => {
      while (sent < 64 * MI && waiting.process.stdin!.write(Buffer.alloc(MI))) sent += MI;
      waiting.process.stdin!.once('drain', more);
    };
    more();
    let same = 0;
    let last = -1;
    await waitFor(
      'nothing more is taken',
      () => sent,
      (now) => {
        same = now === last ? same + 1 : 0;
        last = now;
        return same > 25;
      },
    );
    expect(sent).toBeLessThan(32 * MI);
    await client.delete(doomed);
    expect(await waiting.answer).toContain('"sandbox_gone"');
  });
});

function anonymousMi(status: string): number {
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
