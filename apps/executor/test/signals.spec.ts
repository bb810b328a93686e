import { jest } from '@jest/globals';
import { waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, isAlive, outputOf, TestExecutor, type SeenEvent } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

/** A program that says when it is ready, and which signals it gets. */
const HANDLER = `
import os, signal, sys
# In one piece: with PYTHONUNBUFFERED print writes the end of a line for itself.
def say(text): os.write(1, (text + "\\n").encode())
def on(number, frame):
    say("got " + signal.Signals(number).name)
    if number == signal.SIGTERM: sys.exit(0)
for name in ("SIGUSR1", "SIGTERM"): signal.signal(getattr(signal, name), on)
say(str(os.getpid()))
while True: signal.pause()
`;

describe('A signal for an execution', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  const send = (id: string, signal: unknown): ReturnType<TestExecutor['ask']> =>
    executor.ask(`/api/executions/${id}/signal`, { method: 'POST', body: { signal } });

  /** A command that has said that it is ready. */
  async function ready(body: object): Promise<{ id: string; events: AsyncGenerator<SeenEvent>; first: string }> {
    const answer = await executor.execute(body);
    const events = eventsOf(answer);
    const first = (await events.next()).value as SeenEvent;
    return { id: idOf(answer), events, first: first.data.data };
  }

  const stateOf = async (pid: number): Promise<string> => {
    const { stdout } = await executor.run({ command: `ps -o stat= -p ${pid}` });
    return String(stdout).slice(0, 1);
  };

  it('reaches a program that handles it, and tells of the execution', async () => {
    const { id, events } = await ready({ argv: ['python3', '-c', HANDLER] });
    expect(await send(id, 'SIGUSR1')).toMatchObject({ status: 200, json: { id, state: 'running' } });
    expect((await events.next()).value).toMatchObject({ data: { data: 'got SIGUSR1\n' } });
    await send(id, 'SIGTERM');
    expect((await Array.fromAsync(events)).at(-1)?.data).toMatchObject({ exitCode: 0 });
  });

  it('reaches the whole group: SIGINT is what Ctrl-C is', async () => {
    const python = 'import os, time; os.write(1, b"up"); time.sleep(300)';
    const { id, events } = await ready({ command: `python3 -c '${python}'; echo not reached` });
    await send(id, 'SIGINT');
    const rest = await Array.fromAsync(events);
    expect(outputOf(rest)).toMatch(/KeyboardInterrupt\n$/);
    // The shell has got it as well, and goes the way of what it waited for.
    expect(rest.at(-1)?.data).toMatchObject({ exitCode: 130, signal: 'SIGINT' });
  });

  it('stops it, and lets it go on', async () => {
    const { id, events, first } = await ready({ argv: ['python3', '-c', HANDLER] });
    await send(id, 'SIGSTOP');
    await waitFor('it is stopped', () => stateOf(Number(first)), 'T');
    await send(id, 'SIGCONT');
    await waitFor('it goes on', () => stateOf(Number(first)), /[RS]/);
    await send(id, 'SIGKILL');
    expect((await Array.fromAsync(events)).at(-1)?.data).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  it('that stops it does not keep its time-out away, nor the notice of it', async () => {
    const { id, events, first } = await ready({ argv: ['python3', '-c', HANDLER], timeoutSeconds: 2 });
    await send(id, 'SIGSTOP');
    await waitFor('it is stopped', () => stateOf(Number(first)), 'T');
    const rest = await Array.fromAsync(events);
    expect(outputOf(rest)).toBe('got SIGTERM\n');
    expect(rest.at(-1)?.data).toMatchObject({ exitCode: 124, timedOut: true });
    expect(isAlive(Number(first))).toBe(false);
  });

  it('is a conflict once it has completed, and 404 where there is none', async () => {
    const { executionId } = await executor.run({ command: 'true' });
    expect(await send(String(executionId), 'SIGTERM')).toMatchObject({
      status: 409,
      json: { code: 'conflict', detail: expect.stringContaining('has completed') as string },
    });
    expect((await send('nosuchexecution0', 'SIGTERM')).status).toBe(404);
  });

  it.each(['SIGNOTHING', 'INT', 'sigint', 2, '', null, 'SIGRTMIN'])(
    'has a name that there is, which %j is not',
    async (signal) => {
      const answer = await send('nosuchexecution0', signal);
      expect(answer).toMatchObject({
        status: 400,
        json: { code: 'invalid_request', errors: [{ pointer: '/signal' }] },
      });
    },
  );
});

describe('An execution with an id of its caller’s', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  const start = (executionId: string, body: object = { command: 'echo hi' }): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/execute', {
      method: 'POST',
      body: { ...body, executionId },
      headers: { accept: 'application/json' },
    });

  it('has it, from the answer’s head on', async () => {
    const { headers, json } = await start('build-4711');
    expect(headers['x-execution-id']).toBe('build-4711');
    expect(json).toMatchObject({ executionId: 'build-4711', stdout: 'hi\n' });
    expect(outputOf(await allEvents(await executor.open('/api/executions/build-4711/events')))).toBe('hi\n');
  });

  it('is a conflict where there is one, running or kept', async () => {
    const answer = await executor.execute({ command: 'sleep 300', executionId: 'running-one' });
    expect(await start('running-one')).toMatchObject({ status: 409, json: { code: 'conflict' } });
    await executor.ask('/api/executions/running-one', { method: 'DELETE' });
    expect(await start('running-one')).toMatchObject({ status: 409, json: { code: 'conflict' } });
    answer.destroy();
  });

  it('is one, of all that ask for it at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => start('at-the-same-time')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(15).fill(409)]);
  });

  it('leaves it free where it cannot start', async () => {
    expect((await start('second-try', { argv: ['no-such-program'] })).status).toBe(422);
    expect((await start('second-try')).status).toBe(200);
  });

  it.each(['short', 'Upper-Case', 'under_score', 'x'.repeat(65), 'with space', '', 7])(
    'is refused as %j',
    async (executionId) => {
      const { status, json } = await start(executionId as string);
      expect(status).toBe(400);
      expect((json.errors as { pointer: string }[])[0]).toMatchObject({ pointer: '/executionId' });
    },
  );
});
