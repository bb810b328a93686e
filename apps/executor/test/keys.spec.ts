import { jest } from '@jest/globals';
import { waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, outputOf, TestExecutor } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

describe('A command that is asked for with an Idempotency-Key', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ relayLossGraceSeconds: 1, disconnectGraceSeconds: 0, outputRingMi: 1 });
  });
  afterAll(() => executor.stop());

  const JSON_FORM = { accept: 'application/json' };
  const ask = (key: string, body: object, headers: Record<string, string> = {}): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/execute', { method: 'POST', body, headers: { 'idempotency-key': key, ...headers } });

  it('runs once, and whoever asks gets its result', async () => {
    const body = { command: 'echo ran >>once; sleep 0.2; echo done; exit 3' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask('one', body, JSON_FORM)));
    answers.push(await ask('one', body, JSON_FORM));
    expect(new Set(answers.map(({ headers }) => headers['x-execution-id'])).size).toBe(1);
    for (const { status, json } of answers) {
      expect(status).toBe(200);
      expect(json).toMatchObject({ exitCode: 3, stdout: 'done\n', truncated: false });
    }
    expect((await executor.run({ command: 'cat once' })).stdout).toBe('ran\n');
  });

  it('streams from the start to whoever asks again, while it runs and afterwards', async () => {
    const body = { command: 'echo one; until [ -e go ]; do sleep 0.02; done; echo two', events: 'all' };
    const first = await executor.execute(body, { 'idempotency-key': 'stream' });
    await eventsOf(first).next();
    const second = await executor.execute(body, { 'idempotency-key': 'stream' });
    expect(idOf(second)).toBe(idOf(first));
    await executor.run({ command: 'touch go' });
    const ids = ['0s', '4', '8', '8e'];
    expect((await allEvents(second)).map(({ id }) => id)).toEqual(ids);
    const late = await allEvents(await executor.execute(body, { 'idempotency-key': 'stream' }));
    expect([outputOf(late), late[0]?.event, late.at(-1)?.event]).toEqual([
      'one\ntwo\n',
      'StartedEvent',
      'CompletedEvent',
    ]);
    first.destroy();
  });

  it('lives on for a client that asks again in place of one that was lost, and waits for it', async () => {
    const body = { command: 'head -c 3M /dev/zero | tr "\\0" x; echo end' };
    const lost = await executor.execute(body, { 'idempotency-key': 'lost' });
    lost.destroy();
    const again = await executor.execute(body, { 'idempotency-key': 'lost' });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const output = outputOf(await allEvents(again));
    expect([output.length, output.slice(-5)]).toEqual([3 * 1_048_576 + 4, 'xend\n']);
  });

  it('says that the beginning of its output is no longer kept where that is so', async () => {
    const body = { command: 'head -c 3M /dev/zero | tr "\\0" x; echo end', events: 'all', detached: true };
    const { json: started } = await ask('large', body, JSON_FORM);
    const id = String(started.id);
    await waitFor('it has ended', () => executor.execution(id), { state: 'completed' });
    const events = await allEvents(await executor.execute({ ...body }, { 'idempotency-key': 'large' }));
    expect(events.slice(0, 2).map(({ event }) => event)).toEqual(['StartedEvent', 'GapEvent']);
    const waited = { ...body, detached: false, maxOutputBytes: 16_777_216 };
    expect((await ask('waited', waited, JSON_FORM)).json).toMatchObject({ truncated: false });
    const { json } = await ask('waited', waited, JSON_FORM);
    expect(json).toMatchObject({ exitCode: 0, truncated: true, stdout: expect.stringMatching(/xend\n$/) as string });
  });

  it('that is detached is answered with itself', async () => {
    const body = { command: 'sleep 300', detached: true };
    const [one, two] = [await ask('detached', body, JSON_FORM), await ask('detached', body, JSON_FORM)];
    expect([one.status, two.status]).toEqual([202, 202]);
    expect(two.json.id).toBe(one.json.id);
    await executor.ask(`/api/executions/${String(one.json.id)}`, { method: 'DELETE' });
  });

  it('is refused with another body, and where the key is none', async () => {
    await ask('reused', { command: 'true' }, JSON_FORM);
    const { status, json } = await ask('reused', { command: 'false' }, JSON_FORM);
    expect([status, json.code]).toEqual([422, 'idempotency_key_reused']);
    expect((await ask('x'.repeat(257), { command: 'true' })).status).toBe(400);
  });

  it('may be asked for again where it could not start', async () => {
    const body = { argv: ['./made-later'] };
    expect((await ask('later', body, JSON_FORM)).status).toBe(422);
    await executor.run({ command: 'printf "#!/bin/sh\\necho here" >made-later; chmod +x made-later' });
    expect((await ask('later', body, JSON_FORM)).json).toMatchObject({ stdout: 'here\n' });
  });

  it('is answered with itself also where it has an id of its caller’s', async () => {
    const body = { command: 'true', executionId: 'named-and-keyed' };
    expect((await ask('named', body, JSON_FORM)).status).toBe(200);
    expect((await ask('named', body, JSON_FORM)).json).toMatchObject({ executionId: 'named-and-keyed' });
    expect((await ask('another', body, JSON_FORM)).status).toBe(409);
  });

  it('can be had from a sandbox that is sealed, which takes no other', async () => {
    const sealed = await TestExecutor.start();
    const request = (command: string): ReturnType<TestExecutor['ask']> =>
      sealed.ask('/api/execute', {
        method: 'POST',
        body: { command },
        headers: { ...JSON_FORM, 'idempotency-key': command },
      });
    expect((await request('echo before')).status).toBe(200);
    expect((await sealed.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status).toBe(204);
    expect((await request('echo before')).json).toMatchObject({ stdout: 'before\n' });
    expect((await request('echo after')).status).toBe(409);
    await sealed.stop();
  });
});
