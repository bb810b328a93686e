import { jest } from '@jest/globals';
import { once } from 'node:events';
import { isEmpty, waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, isAlive, outputOf, TestExecutor, type SeenEvent } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

/** Prints its process and that of a child in the background, and then goes on for long. */
const TWO_SLEEPERS = 'sleep 300 & echo $$ $!; sleep 300; true';

describe('The end of a command', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ relayLossGraceSeconds: 1, killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  const gone = (pids: number[]): Promise<unknown> =>
    waitFor(`the processes ${pids.join(' ')} are gone`, () => pids.filter(isAlive), isEmpty);

  /** Starts two sleepers and waits until both are known. */
  async function sleepers(body: object = {}): Promise<{
    answer: Awaited<ReturnType<TestExecutor['execute']>>;
    events: AsyncGenerator<SeenEvent>;
    pids: number[];
  }> {
    const answer = await executor.execute({ command: TWO_SLEEPERS, ...body });
    const events = eventsOf(answer);
    const first = await events.next();
    return {
      answer,
      events,
      pids: (first.value as SeenEvent).data.data.trim().split(' ').map(Number),
    };
  }

  it('comes with exit code 124 for the whole group when the time is up', async () => {
    const { events, pids } = await sleepers({ timeoutSeconds: 1 });
    const rest = await Array.fromAsync(events);
    expect(rest.at(-1)?.data).toMatchObject({ exitCode: 124, timedOut: true, signal: 'SIGTERM' });
    await gone(pids);
  });

  it('comes by SIGKILL for what ignores SIGTERM', async () => {
    const command =
      'trap "" TERM; (trap "" TERM; echo $BASHPID; sleep 300; sleep 300) & echo $$; while :; do sleep 0.05; done';
    const events = await allEvents(await executor.execute({ command, timeoutSeconds: 1 }));
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 124, timedOut: true, signal: 'SIGKILL' });
    await gone(outputOf(events).trim().split('\n').map(Number));
  });

  it('comes by SIGKILL for those of the group who ignore SIGTERM when the leader has already gone', async () => {
    const command = '(trap "" TERM; echo $BASHPID; while :; do sleep 0.05; done) & sleep 300; true';
    const answer = await executor.execute({ command });
    const events = eventsOf(answer);
    const pid = Number(((await events.next()).value as SeenEvent).data.data);
    await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    await gone([pid]);
  });

  it('comes for the whole group with a cancel, which answers with how it ended', async () => {
    const { answer, events, pids } = await sleepers();
    const { status, json } = await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      id: idOf(answer),
      state: 'completed',
      exitCode: 143,
      signal: 'SIGTERM',
      timedOut: false,
    });
    const rest = await Array.fromAsync(events);
    expect(rest.at(-1)?.data).toMatchObject({ exitCode: 143, signal: 'SIGTERM', cancelled: true });
    await gone(pids);
  });

  it('stays as it is when a cancel comes after it', async () => {
    const { executionId } = await executor.run({ command: 'exit 5' });
    const before = await executor.execution(String(executionId));
    const { status, json } = await executor.ask(`/api/executions/${String(executionId)}`, { method: 'DELETE' });
    expect(status).toBe(200);
    expect(json).toEqual(before);
    expect(json).toMatchObject({ state: 'completed', exitCode: 5 });
  });

  it('is told by the process itself where it catches the signal', async () => {
    const answer = await executor.execute({
      command: 'trap "echo bye; exit 9" TERM; echo up; while :; do sleep 0.02; done',
    });
    const events = eventsOf(answer);
    await events.next();
    await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    const rest = await Array.fromAsync(events);
    expect(outputOf(rest, 'Stdout')).toBe('bye\n');
    expect(rest.at(-1)?.data).toMatchObject({ exitCode: 9, cancelled: true });
  });

  it('has the first cause that came: a cancel after the time-out does not make it a cancel', async () => {
    const command =
      'trap "touch ending; sleep 0.3" TERM; while :; do sleep 0.02; [ -e ending ] && break; done; sleep 0.2; exit 3';
    const answer = await executor.execute({ command, timeoutSeconds: 1 });
    await waitFor('it is being ended', () => executor.run({ command: 'ls ending' }), { exitCode: 0 });
    await executor.ask(`/api/executions/${idOf(answer)}`, { method: 'DELETE' });
    const events = await allEvents(answer);
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 124, timedOut: true });
    expect(events.at(-1)?.data).not.toHaveProperty('cancelled');
  });

  it('comes for the whole group when its only reader was lost and nobody came back', async () => {
    const { answer, pids } = await sleepers();
    answer.destroy();
    await gone(pids);
    expect(await executor.execution(idOf(answer))).toMatchObject({
      state: 'completed',
      exitCode: 143,
      signal: 'SIGTERM',
    });
    const events = await allEvents(await executor.open(`/api/executions/${idOf(answer)}/events`));
    expect(events.at(-1)?.data).toMatchObject({ cancelled: true });
  });

  it("comes at once when the manager's notice says so and the request asked for no grace", async () => {
    const patient = await TestExecutor.start({ relayLossGraceSeconds: 3600 });
    try {
      const answer = await patient.execute({ command: TWO_SLEEPERS, disconnectGraceSeconds: 0 });
      const first = (await eventsOf(answer).next()).value as SeenEvent;
      const { status, text } = await patient.ask(`/api/executions/${idOf(answer)}/left`, { method: 'POST' });
      expect([status, text]).toEqual([204, '']);
      expect(isAlive(first.data.pid)).toBe(true);
      answer.destroy();
      await gone(first.data.data.trim().split(' ').map(Number));
    } finally {
      await patient.stop();
    }
  });

  it("comes after the manager's notice also where the connection broke before it", async () => {
    const patient = await TestExecutor.start({ relayLossGraceSeconds: 3600, disconnectGraceSeconds: 0 });
    try {
      const answer = await patient.execute({ command: TWO_SLEEPERS });
      const first = (await eventsOf(answer).next()).value as SeenEvent;
      const closed = once(answer, 'close');
      answer.destroy();
      await closed;
      await patient.ask(`/api/executions/${idOf(answer)}/left`, { method: 'POST' });
      await gone(first.data.data.trim().split(' ').map(Number));
    } finally {
      await patient.stop();
    }
  });

  it('does not come while a reader is there, nor for a while after it came back', async () => {
    const { answer, pids } = await sleepers({ timeoutSeconds: 30 });
    answer.destroy();
    const again = await executor.open(`/api/executions/${idOf(answer)}/events`, { headers: { 'last-event-id': '0s' } });
    await executor.run({ command: 'sleep 1.5' });
    expect(pids.every(isAlive)).toBe(true);
    again.destroy();
    await gone(pids);
  });

  it('comes when the client that waits for JSON leaves', async () => {
    const pending = executor.execute({ command: 'echo $$ > leader; sleep 300' }, { accept: 'application/json' });
    pending.catch(() => undefined);
    const { stdout } = await waitFor('it runs', () => executor.run({ command: 'cat leader' }), { exitCode: 0 });
    executor.dropConnections();
    await gone([Number(stdout)]);
  });

  it('comes also where the command waits with full pipes for a reader that does not come back', async () => {
    const answer = await executor.execute({ command: 'head -c 1G /dev/zero', encoding: 'base64' });
    await eventsOf(answer).next();
    answer.destroy();
    await waitFor('it has ended', () => executor.execution(idOf(answer)), { state: 'completed' });
    expect(await executor.execution(idOf(answer))).toMatchObject({ exitCode: 143, signal: 'SIGTERM' });
  });

  it('leaves no zombie of a leader behind', async () => {
    const events = await allEvents(await executor.execute({ command: 'exit 0', events: 'all' }));
    expect(isAlive(events[0]!.data.pid)).toBe(false);
  });
});

describe('The end of the sandbox', () => {
  it('tells every stream, kills every process and refuses what comes', async () => {
    const executor = await TestExecutor.start({ killGraceSeconds: 60 });
    const answer = await executor.execute({ command: `trap "" TERM; ${TWO_SLEEPERS}; sleep 300` });
    const events = eventsOf(answer);
    const first = (await events.next()).value as SeenEvent;
    const { stdout } = await executor.run({ command: 'sleep 300 >/dev/null 2>&1 & echo $!' });
    const request = {
      method: 'POST',
      body: { command: 'sleep 300' },
      headers: { accept: 'application/json' },
    } as const;
    const json = executor.ask('/api/execute', request).then(
      () => 'answered',
      () => 'broken off',
    );
    await waitFor('all run', () => executor.executions(), { length: 3 });
    await executor.stop();
    expect(await Array.fromAsync(events)).toEqual([
      { event: 'ErrorEvent', id: undefined, data: { code: 'shutting_down', detail: expect.any(String) as string } },
    ]);
    // Its head was sent when the command started: only a broken-off answer can tell.
    expect(await json).toBe('broken off');
    const pids = `${first.data.data} ${String(stdout)}`.trim().split(/\s+/).map(Number);
    await waitFor('no process is left', () => pids.filter(isAlive), isEmpty);
  });
});
