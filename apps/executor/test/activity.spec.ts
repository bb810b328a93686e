import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, isAlive, outputOf, TestExecutor, type SeenEvent } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

describe('What goes on in a sandbox', () => {
  let executor: TestExecutor;
  beforeEach(async () => {
    executor = await TestExecutor.start({ relayLossGraceSeconds: 1, killGraceSeconds: 0.5 });
  });
  afterEach(() => executor.stop());

  const activity = async (): Promise<Record<string, unknown>> => (await executor.ask('/api/activity')).json;
  const seal = async (idleSeconds: number): Promise<number> =>
    (await executor.ask('/api/seal', { method: 'POST', body: { idleSeconds } })).status;

  it('is a command that runs and the stream that is attached to it, until both are over', async () => {
    const answer = await executor.execute({ command: 'echo up; sleep 300', timeoutSeconds: 1 });
    const events = eventsOf(answer);
    await events.next();
    expect(await activity()).toEqual({ running: 1, attached: 1, terminals: 0, idleSeconds: 0 });
    expect(await seal(0)).toBe(409);
    await Array.fromAsync(events);
    await waitFor('nothing goes on', activity, { running: 0 });
    expect(await activity()).toMatchObject({ running: 0, attached: 0 });
  });

  it('is what an ended command has left in the background, for as long as it lives', async () => {
    const { stdout } = await executor.run({ command: 'sleep 300 >/dev/null 2>&1 & echo $!' });
    const pid = Number(stdout);
    expect(await activity()).toMatchObject({ running: 1, attached: 0, idleSeconds: 0 });
    expect(await seal(0)).toBe(409);
    process.kill(pid, 'SIGKILL');
    await waitFor('it is gone', async () => ({ isAlive: isAlive(pid), running: (await activity()).running }), {
      running: 0,
      isAlive: false,
    });
    await waitFor('the sandbox is idle', activity, ({ idleSeconds }) => Number(idleSeconds) > 0);
  });

  it.each([
    ['to a session of its own', 'setsid', 1],
    // It stays itself, beside what it has started.
    ['to a group of its own', 'timeout 300', 2],
    // Nobody reaps the one that has ended.
    ['and has a child that has ended', 'setsid bash -c \'true & exec "$@"\' -', 1],
  ])('is what has left the group of its command %s, for as long as it lives', async (_, prefix, running) => {
    const command = `${prefix} bash -c 'echo $$ >pid.new; mv pid.new pid; exec sleep 300' >/dev/null 2>&1 &`;
    await executor.run({ command });
    const text = await waitFor('it has started', () =>
      readFile(join(executor.workspace, 'pid'), 'utf8').catch(() => undefined),
    );
    await waitFor('only it is left', activity, { running });
    expect(await activity()).toMatchObject({ running, idleSeconds: 0 });
    expect(await seal(0)).toBe(409);
    process.kill(Number(text), 'SIGKILL');
    await waitFor('the sandbox is idle', activity, ({ idleSeconds }) => Number(idleSeconds) > 0);
    expect(await activity()).toMatchObject({ running: 0 });
    expect(await seal(0)).toBe(204);
  });

  it('does not count questions about it, nor a command that could not start for longer than it took', async () => {
    await executor.run({ argv: ['/no/such/program'] });
    await waitFor('a moment has passed', activity, ({ idleSeconds }) => Number(idleSeconds) >= 0.2);
  });

  it('is refused with 409 conflict once the sandbox is sealed, while results can still be read', async () => {
    const { executionId } = await executor.run({ command: 'echo before' });
    expect(await seal(0)).toBe(204);
    const { status, json } = await executor.ask('/api/execute', { method: 'POST', body: { command: 'touch ran' } });
    expect(status).toBe(409);
    expect(json).toMatchObject({ code: 'conflict' });
    const events = await allEvents(await executor.open(`/api/executions/${String(executionId)}/events`));
    expect(outputOf(events)).toBe('before\n');
  });

  it('either runs to its end or is refused, never both and never neither, where a seal comes at the same moment', async () => {
    let ran = 0;
    for (let round = 0; round < 25; round += 1) {
      const scene = await TestExecutor.start();
      try {
        const body = { command: 'sleep 0.02; echo done' };
        const request = { method: 'POST', body, headers: { accept: 'application/json' } } as const;
        const first = (): Promise<{ status: number; json: Record<string, unknown> }> =>
          scene.ask('/api/execute', request);
        const second = async (): Promise<number> =>
          (await scene.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status;
        const [execution, sealed] =
          round % 2 === 0
            ? await Promise.all([first(), second()])
            : ((await Promise.all([second(), first()])).reverse() as [Awaited<ReturnType<typeof first>>, number]);
        if (execution.status === 200) {
          expect(execution.json).toMatchObject({ exitCode: 0, stdout: 'done\n' });
          expect(sealed).toBe(409);
          ran += 1;
        } else {
          expect([execution.status, execution.json.code, sealed]).toEqual([409, 'conflict', 204]);
        }
      } finally {
        await scene.stop();
      }
    }
    expect(ran).toBeGreaterThan(0);
  });

  it('refuses to be sealed for nonsense', async () => {
    for (const idleSeconds of [-1, 1.5, '10', null, 100_000]) {
      const { status } = await executor.ask('/api/seal', { method: 'POST', body: { idleSeconds } });
      expect(status).toBe(400);
    }
  });
});

describe('A detached command', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ relayLossGraceSeconds: 0, disconnectGraceSeconds: 0, outputRingMi: 1 });
  });
  afterAll(() => executor.stop());

  it('goes on when its last reader has left, with the notice of its manager and without', async () => {
    const answer = await executor.execute({
      command: 'echo up; until [ -e go ]; do sleep 0.02; done; echo end',
      detached: true,
    });
    await eventsOf(answer).next();
    await executor.ask(`/api/executions/${idOf(answer)}/left`, { method: 'POST' });
    answer.destroy();
    // A second command with the same graces shows that they have passed.
    const other = await executor.execute({ command: 'sleep 300' });
    other.destroy();
    await waitFor('the other is ended', () => executor.execution(idOf(other)), { state: 'completed' });
    expect(await executor.execution(idOf(answer))).toMatchObject({ state: 'running' });
    await executor.run({ command: 'touch go' });
    const events = await allEvents(await executor.open(`/api/executions/${idOf(answer)}/events`));
    expect(outputOf(events)).toBe('up\nend\n');
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 0 });
  });

  it('is not paused by a creator that does not read, nor by a later reader', async () => {
    const answer = await executor.execute({
      command: 'head -c 8M /dev/zero; touch through',
      detached: true,
      encoding: 'base64',
    });
    await waitFor('it has ended', () => executor.execution(idOf(answer)), { state: 'completed' });
    answer.destroy();
    const events = await allEvents(await executor.open(`/api/executions/${idOf(answer)}/events?encoding=base64`));
    expect(events.map(({ event }) => event)).toContain('GapEvent');
    expect(events.at(-1)?.data).toMatchObject({ exitCode: 0, bytes: 8 * 2 ** 20 });
  });

  it('is ended by its time-out and by a cancel', async () => {
    const timed = await executor.execute({ command: 'sleep 300', detached: true, timeoutSeconds: 1 });
    timed.destroy();
    await waitFor('its time is up', () => executor.execution(idOf(timed)), { timedOut: true });
    const cancelled = await executor.execute({ command: 'sleep 300', detached: true });
    cancelled.destroy();
    const { json } = await executor.ask(`/api/executions/${idOf(cancelled)}`, { method: 'DELETE' });
    expect(json).toMatchObject({ state: 'completed', exitCode: 143 });
  });
});

describe('The notice that a sandbox ends', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());
  const expiresAt = '2026-11-24T09:45:00.000Z';
  const notice = (body: object): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/notice', { method: 'POST', body });

  it('reaches every stream that asked for all events once, and no stream of an original client', async () => {
    const command = 'echo up; until [ -e stop ]; do sleep 0.02; done';
    const all = eventsOf(await executor.execute({ command, events: 'all' }));
    const original = eventsOf(await executor.execute({ command }));
    await all.next();
    await all.next();
    await original.next();
    // Two managers say the same.
    expect([(await notice({ expiresAt })).status, (await notice({ expiresAt })).status]).toEqual([204, 204]);
    expect(((await all.next()).value as SeenEvent).event).toBe('ExpiringEvent');
    await executor.run({ command: 'touch stop' });
    expect((await Array.fromAsync(all)).map(({ event }) => event)).toEqual(['CompletedEvent']);
    expect((await Array.fromAsync(original)).map(({ event }) => event)).toEqual(['CompletedEvent']);
  });

  it('is told again where the lifetime was renewed, with the new end and without an id', async () => {
    const answer = await executor.execute({ command: 'echo up; sleep 300', events: 'all', timeoutSeconds: 2 });
    const events = eventsOf(answer);
    await events.next();
    await events.next();
    await notice({ expiresAt: '2026-11-24T10:45:00.000Z' });
    expect((await events.next()).value).toEqual({
      event: 'ExpiringEvent',
      id: undefined,
      data: { expiresAt: '2026-11-24T10:45:00.000Z', reason: 'lifetime' },
    });
    answer.destroy();
  });

  it('is refused where it names no time', async () => {
    expect((await notice({ expiresAt: 'soon' })).status).toBe(400);
    expect((await notice({})).status).toBe(400);
  });
});
