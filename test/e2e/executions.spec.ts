import { createHash } from 'node:crypto';
import type { CompletedEventDto, OutputEventDto, StartedEventDto } from '@warmbox/dto';
import { eachIs, waitFor } from '@warmbox/testing';
import type { WarmboxClient } from '@warmbox/testing/harness';
import { startSystem, type System } from './suite.js';

describe('executions', () => {
  let system: System;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await startSystem();
    client = system.clients[0]!;
    ({ name } = await client.create());
  });
  afterAll(() => system.stop());

  async function isAlive(pid: number): Promise<boolean> {
    const { exitCode } = await client.execute(name, { command: `kill -0 ${pid}` });
    return exitCode === 0;
  }

  it('send output as it comes, long before the command ends', async () => {
    const { events } = await client.executeStreaming(name, {
      command: 'echo one; read line; echo two',
      stdin: '',
      events: 'all',
    });
    const seen: string[] = [];
    for await (const { event, id } of events) seen.push(`${event ?? ''} ${id ?? ''}`);
    expect(seen[0]).toBe('StartedEvent 0s');
    expect(seen.at(-1)).toBe('CompletedEvent 8e');

    const gate = await client.executeStreaming(name, {
      command: 'echo waiting; while [ ! -e gate ]; do sleep 0.05; done; echo through',
    });
    const first = await gate.events.next();
    expect(JSON.parse((first.value as { data: string }).data)).toMatchObject({ stream: 'Stdout', data: 'waiting\n' });
    await client.execute(name, { command: 'touch gate' });
    const rest = await Array.fromAsync(gate.events);
    expect(rest.map(({ event }) => event)).toEqual(['OutputEvent', 'CompletedEvent']);
  });

  it('send only the original’s events unless all are asked for', async () => {
    const { events } = await client.executeStreaming(name, { command: 'echo out; echo err >&2; exit 3' });
    const names = (await Array.fromAsync(events)).map(({ event }) => event);
    expect(names.at(-1)).toBe('CompletedEvent');
    expect(new Set(names)).toEqual(new Set(['OutputEvent', 'CompletedEvent']));
  });

  it.each([
    ['an exit code', { command: 'exit 7' }, { exitCode: 7, timedOut: false }],
    ['a signal', { command: 'kill -KILL $$' }, { exitCode: 137, timedOut: false }],
    ['a time-out', { command: 'sleep 60', timeoutSeconds: 1 }, { exitCode: 124, timedOut: true }],
    ['no shell', { argv: ['printf', '%s', '$HOME'] }, { exitCode: 0, stdout: '$HOME' }],
    ['standard input', { command: 'cat', stdin: 'déjà vu' }, { exitCode: 0, stdout: 'déjà vu' }],
    ['empty standard input', { command: 'cat; echo end' }, { stdout: 'end\n' }],
    ['its own variables', { command: 'echo $WHO', environmentVariables: { WHO: 'me' } }, { stdout: 'me\n' }],
    ['both streams', { command: 'echo out; echo err >&2' }, { stdout: 'out\n', stderr: 'err\n', truncated: false }],
    [
      'more than is kept',
      { command: 'head -c 100 /dev/zero | tr "\\0" x', maxOutputBytes: 10 },
      { stdout: 'xxxxxxxxxx', truncated: true },
    ],
    ['bytes that are no text', { command: "printf '\\377\\000'", encoding: 'base64' as const }, { stdout: '/wA=' }],
  ])('tell of %s in a JSON answer', async (_, request, expected) => {
    await expect(client.execute(name, request)).resolves.toMatchObject(expected);
  });

  it('come as NDJSON with the same events', async () => {
    const response = await client.fetch('POST', `/api/kata/${name}/execute`, {
      body: { command: 'echo hello', events: 'all' },
      headers: { accept: 'application/x-ndjson' },
    });
    expect(response.headers.get('content-type')).toContain('application/x-ndjson');
    const events = (await response.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; id?: string; data: unknown });
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['StartedEvent', '0s'],
      ['OutputEvent', '6'],
      ['CompletedEvent', '6e'],
    ]);
    expect(events[1]!.data).toMatchObject({ data: 'hello\n' });
  });

  it('are refused before the stream begins where they cannot start', async () => {
    const missing = await client.fetch('POST', `/api/kata/${name}/execute`, { body: { argv: ['no-such-program'] } });
    expect(missing.status).toBe(422);
    expect(await missing.json()).toMatchObject({ code: 'cannot_start', status: 422 });
    const nowhere = await client.fetch('POST', `/api/kata/${name}/execute`, {
      body: { command: 'true', cwd: '/no/such/folder' },
    });
    expect(nowhere.status).toBe(422);
  });

  it('are listed and shown, and their events can be read again', async () => {
    const { executionId, events } = await client.executeStreaming(name, { command: 'echo kept' });
    await Array.fromAsync(events);
    const shown = await client.execution(name, executionId);
    expect(shown).toMatchObject({ id: executionId, command: 'echo kept', state: 'completed', exitCode: 0, bytes: 5 });
    expect((await client.executions(name)).map(({ id }) => id)).toContain(executionId);
    const again = await client.resume(name, executionId, undefined);
    expect((await Array.fromAsync(again.events)).map(({ event }) => event)).toEqual([
      'StartedEvent',
      'OutputEvent',
      'CompletedEvent',
    ]);
    const after = await client.fetch('GET', `/api/kata/${name}/executions/${executionId}/events`, {
      headers: { 'last-event-id': '5e' },
    });
    expect(after.status).toBe(204);
    const unknown = await client.fetch('GET', `/api/kata/${name}/executions/nosuchexecution0`);
    expect(await unknown.json()).toMatchObject({ code: 'execution_not_found' });
  });

  it('are ended by DELETE with everything that they started', async () => {
    const { executionId, events } = await client.executeStreaming(name, {
      command: 'sleep 300 & echo $!; sleep 300',
      events: 'all',
    });
    await events.next();
    const output = JSON.parse(((await events.next()).value as { data: string }).data) as OutputEventDto;
    const background = Number(output.data);
    expect(await isAlive(background)).toBe(true);
    await client.json('DELETE', `/api/kata/${name}/executions/${executionId}`);
    const last = (await Array.fromAsync(events)).at(-1)!;
    expect(JSON.parse(last.data)).toMatchObject({ cancelled: true, signal: 'SIGTERM', exitCode: 143 });
    await waitFor('the background process is gone', () => isAlive(background), false);
  });

  it('end with everything that they started once their client has gone', async () => {
    const leaving = new AbortController();
    const request = { command: 'sleep 300 & echo $!; sleep 300', events: 'all' as const, disconnectGraceSeconds: 1 };
    const { executionId, events } = await client.executeStreaming(name, request, leaving.signal);
    const started = JSON.parse(((await events.next()).value as { data: string }).data) as StartedEventDto;
    const output = JSON.parse(((await events.next()).value as { data: string }).data) as OutputEventDto;
    leaving.abort();
    await waitFor('the execution has ended', () => client.execution(name, executionId), { state: 'completed' });
    const both = (): Promise<boolean[]> => Promise.all([started.pid, Number(output.data)].map((pid) => isAlive(pid)));
    await waitFor('both processes are gone', both, eachIs(false));
  });

  it('leave what they put into the background alive, as a shell does', async () => {
    const { stdout } = await client.execute(name, { command: 'sleep 300 & echo $!' });
    expect(await isAlive(Number(stdout))).toBe(true);
    await client.execute(name, { command: `kill ${stdout}` });
  });

  it('carry many megabytes without a byte lost or doubled', async () => {
    const size = 50_000_000;
    const command = `head -c ${size} /dev/urandom | tee >(sha256sum > sum)`;
    const { events } = await client.executeStreaming(name, { command, encoding: 'base64' });
    const hash = createHash('sha256');
    let completed: CompletedEventDto | undefined;
    for await (const { event, data } of events) {
      if (event === 'CompletedEvent') completed = JSON.parse(data) as CompletedEventDto;
      else hash.update((JSON.parse(data) as OutputEventDto).data, 'base64');
    }
    expect(completed).toMatchObject({ exitCode: 0, bytes: size });
    const { stdout } = await client.execute(name, { command: 'until [ -s sum ]; do sleep 0.02; done; cat sum' });
    expect(hash.digest('hex')).toBe(stdout.split(' ')[0]);
  });
});
