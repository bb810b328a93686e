import { jest } from '@jest/globals';
import { mkdir, symlink, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { STDIN_MAX_BYTES } from '@warmbox/contracts';
import { waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, outputOf, TestExecutor } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

describe('POST /api/execute', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ environment: { SANDBOX: 'box', BOTH: 'box' } });
  });
  afterAll(() => executor.stop());

  it('streams what a command writes, with the names, ids and fields of the contract', async () => {
    const answer = await executor.execute({ command: 'printf out; sleep 0.05; printf err >&2; exit 3', events: 'all' });
    expect(answer.headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const events = await allEvents(answer);
    const [started, stdout, stderr, completed] = events;
    const pid = started?.data.pid;
    expect(started).toEqual({
      event: 'StartedEvent',
      id: '0s',
      data: { executionId: idOf(answer), pid: expect.any(Number) as number, startedAt: expect.any(String) as string },
    });
    expect(stdout).toEqual({ event: 'OutputEvent', id: '3', data: { pid, stream: 'Stdout', data: 'out' } });
    expect(stderr).toEqual({ event: 'OutputEvent', id: '6', data: { pid, stream: 'Stderr', data: 'err' } });
    expect(completed).toEqual({
      event: 'CompletedEvent',
      id: '6e',
      data: { pid, exitCode: 3, timedOut: false, durationMs: expect.any(Number) as number, bytes: 6 },
    });
    expect(events).toHaveLength(4);
  });

  it('sends the original clients no event that they do not know', async () => {
    const events = await allEvents(await executor.execute({ command: 'echo hi' }));
    expect(events.map(({ event }) => event)).toEqual(['OutputEvent', 'CompletedEvent']);
  });

  it('sends each line as soon as it is written', async () => {
    const command = 'for i in 1 2 3; do echo $i; until [ -e seen$i ]; do sleep 0.02; done; done';
    const answer = await executor.execute({ command });
    const lines: string[] = [];
    for await (const { event, data } of eventsOf(answer)) {
      if (event !== 'OutputEvent') break;
      lines.push(data.data);
      // The command goes on only once this line has been seen.
      await writeFile(join(executor.workspace, `seen${data.data.trim()}`), '');
    }
    expect(lines).toEqual(['1\n', '2\n', '3\n']);
  });

  it('gives the same events as lines of JSON', async () => {
    const { text, headers } = await executor.ask('/api/execute', {
      method: 'POST',
      body: { command: 'printf hi', encoding: 'base64' },
      headers: { accept: 'application/x-ndjson' },
    });
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toEqual({
      event: 'OutputEvent',
      id: '2',
      data: { pid: expect.any(Number) as number, stream: 'Stdout', data: 'aGk=', encoding: 'base64' },
    });
    expect(lines[1]).toMatchObject({ event: 'CompletedEvent', id: '2e' });
  });

  it('answers a detached command itself, at once, where JSON is asked for', async () => {
    const { status, json, headers } = await executor.ask('/api/execute', {
      method: 'POST',
      body: { command: 'while [ ! -e go ]; do sleep 0.02; done; echo done', detached: true },
      headers: { accept: 'application/json' },
    });
    const id = String(headers['x-execution-id']);
    expect([status, json]).toMatchObject([202, { id, state: 'running', bytes: 0 }]);
    await writeFile(join(executor.workspace, 'go'), '');
    await waitFor('it has ended', () => executor.execution(id), { state: 'completed' });
    expect(await executor.execution(id)).toMatchObject({ exitCode: 0, bytes: 5 });
  });

  it('waits and answers JSON where that is asked for', async () => {
    expect(await executor.run({ command: 'echo out; echo err >&2; exit 7' })).toEqual({
      executionId: expect.stringMatching(/^[0-9a-z]{16}$/) as string,
      exitCode: 7,
      timedOut: false,
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
    });
  });

  it('keeps the first bytes of a long output for JSON, and cuts no character', async () => {
    const cut = await executor.run({ command: 'printf ab€€; printf x >&2', maxOutputBytes: 6 });
    expect(cut).toMatchObject({ stdout: 'ab€', truncated: true, exitCode: 0 });
    const exact = await executor.run({ command: 'printf ab€', maxOutputBytes: 5 });
    expect(exact).toMatchObject({ stdout: 'ab€', truncated: false });
    const bytes = await executor.run({ command: 'printf ab€', maxOutputBytes: 4, encoding: 'base64' });
    expect(Buffer.from(String(bytes.stdout), 'base64')).toEqual(Buffer.from('ab€').subarray(0, 4));
  });

  it('carries every byte in base64, and replaces what is no UTF-8 in utf8', async () => {
    const command = String.raw`printf '\xff\x00\xe2\x82'`;
    expect(await executor.run({ command, encoding: 'base64' })).toMatchObject({ stdout: '/wDigg==' });
    expect(await executor.run({ command })).toMatchObject({ stdout: '\ufffd\0\ufffd' });
  });

  it('never sends a part of a character', async () => {
    // Each byte comes alone, sooner than an unfinished character is waited for.
    const command = String.raw`for b in '\xe2' '\x82' '\xac' '\xf0' '\x9f' '\x98' '\x80'; do printf "$b"; sleep 0.01; done`;
    const events = await allEvents(await executor.execute({ command }));
    expect(outputOf(events)).toBe('€😀');
  });

  it('runs argv without a shell', async () => {
    expect(await executor.run({ argv: ['printf', '%s|', '$HOME', 'a b', ''] })).toMatchObject({
      stdout: '$HOME|a b||',
    });
  });

  it('runs in the workspace, in a folder below it or in one of its own', async () => {
    await mkdir(join(executor.workspace, 'deep/down'), { recursive: true });
    expect(await executor.run({ command: 'pwd; echo ~' })).toMatchObject({
      stdout: `${executor.workspace}\n${executor.workspace}\n`,
    });
    expect(await executor.run({ argv: ['pwd'], cwd: 'deep/down' })).toMatchObject({
      stdout: `${executor.workspace}/deep/down\n`,
    });
    expect(await executor.run({ argv: ['pwd'], cwd: '/usr' })).toMatchObject({ stdout: '/usr\n' });
  });

  it('gives the environment of the sandbox, the request and the trace, and nothing of its own', async () => {
    process.env.EXECUTOR_SECRET = 'hidden';
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { json } = await executor.ask('/api/execute', {
      method: 'POST',
      body: { argv: ['env'], environmentVariables: { BOTH: 'request', 'with.dot': '€' } },
      headers: { accept: 'application/json', traceparent, tracestate: 'rojo=1' },
    });
    delete process.env.EXECUTOR_SECRET;
    const lines = String(json.stdout).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'SANDBOX=box',
        'BOTH=request',
        'with.dot=€',
        `TRACEPARENT=${traceparent}`,
        'TRACESTATE=rojo=1',
        'LANG=C.UTF-8',
        'PYTHONUNBUFFERED=1',
      ]),
    );
    expect(lines.filter((line) => line.startsWith('EXECUTOR_'))).toEqual([]);
    const malformed = { accept: 'application/json', traceparent: `${traceparent}$(id)`, tracestate: 'rojo=1' };
    const without = await executor.ask('/api/execute', { method: 'POST', body: { argv: ['env'] }, headers: malformed });
    expect(without.json.stdout).not.toMatch(/^TRACE(PARENT|STATE)=/m);
    expect(lines.find((line) => line.startsWith('PATH='))).toContain(`${executor.workspace}/.local/bin:`);
  });

  it('gives standard input as text and then its end; without it there is none', async () => {
    expect(await executor.run({ argv: ['cat'], stdin: 'zwei\n€' })).toMatchObject({ stdout: 'zwei\n€' });
    expect(await executor.run({ command: 'cat /dev/stdin', stdin: 'by name' })).toMatchObject({ stdout: 'by name' });
    expect(await executor.run({ argv: ['cat'] })).toMatchObject({ stdout: '', exitCode: 0 });
  });

  it('survives a command that does not read its input', async () => {
    const stdin = 'x'.repeat(STDIN_MAX_BYTES);
    expect(await executor.run({ argv: ['true'], stdin })).toMatchObject({ exitCode: 0 });
    expect(await executor.run({ command: 'head -c 3', stdin })).toMatchObject({ exitCode: 0, stdout: 'xxx' });
  });

  it('gives commands pipes, which programs can open by name', async () => {
    const result = await executor.run({
      command: 'echo a >/dev/stderr; echo b | tee /dev/stderr; echo c >/dev/stdout',
    });
    expect(result).toMatchObject({ stdout: 'b\nc\n', stderr: 'a\nb\n', exitCode: 0 });
  });

  it('tells the signal that ended a command, and 128 and its number as the exit code', async () => {
    const events = await allEvents(await executor.execute({ command: 'kill -9 $$' }));
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 137, signal: 'SIGKILL', timedOut: false });
    expect(events.at(-1)?.data).not.toHaveProperty('cancelled');
  });

  it('gives every byte of 20 MB and both streams of it', async () => {
    const command = 'seq 1 1500000 & seq 1 1500000 >&2; wait';
    const expected = Array.from({ length: 1_500_000 }, (_, index) => `${index + 1}\n`).join('');
    const events = await allEvents(await executor.execute({ command }));
    // Compared by hand: a difference of megabytes is not to be printed.
    expect(outputOf(events, 'Stdout') === expected).toBe(true);
    expect(outputOf(events, 'Stderr') === expected).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: 'CompletedEvent', data: { exitCode: 0, bytes: 2 * expected.length } });
  });

  it('ends with the command, not with what it leaves in the background, which lives on', async () => {
    const result = await executor.run({
      command: '(trap "" TERM; sleep 0.3; echo late; sleep 0.1; echo ok > alive) & echo now',
    });
    expect(result).toMatchObject({ stdout: 'now\n', exitCode: 0 });
    // Its later output must not kill it.
    await waitFor('the background process goes on', () => executor.run({ command: 'cat alive' }), { stdout: 'ok\n' });
  });

  it.each([
    ['a program that does not exist', { argv: ['/no/such/program'] }, /no program/],
    ['a program that is nowhere on the PATH', { argv: ['no-such-program'] }, /no program/],
    ['a file that is not executable', { argv: ['./data'] }, /not executable/],
    [
      'a working directory that does not exist',
      { command: 'true', cwd: 'nowhere' },
      /working directory.*does not exist/,
    ],
    ['a working directory that is a file', { command: 'true', cwd: 'data' }, /working directory.*not a folder/],
    ['a working directory that leads round in circles', { command: 'true', cwd: 'loop' }, /working directory/],
    ['an argument of more than 128 KiB', { argv: ['true', '€'.repeat(100_000)] }, /128 KiB/],
    [
      'arguments that are too long together',
      { argv: ['true', ...Array<string>(60).fill('x'.repeat(100_000))] },
      /128 KiB/,
    ],
  ])('refuses %s with 422 before anything is streamed', async (_, body, detail) => {
    await writeFile(join(executor.workspace, 'data'), 'x');
    await chmod(join(executor.workspace, 'data'), 0o644);
    await symlink('loop', join(executor.workspace, 'loop')).catch(() => undefined);
    const { status, headers, json } = await executor.ask('/api/execute', { method: 'POST', body });
    expect(status).toBe(422);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(json).toMatchObject({ code: 'cannot_start', detail: expect.stringMatching(detail) as string });
    expect(headers['x-execution-id']).toBeUndefined();
  });
});
