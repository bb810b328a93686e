import type { WarmboxClient } from '@warmbox/testing/harness';
import { orError, waitFor } from '@warmbox/testing';
import { startSystem, type System } from './suite.js';

describe('an execution that is named and signalled', () => {
  let system: System;
  let client: WarmboxClient;
  let name: string;

  beforeAll(async () => {
    system = await startSystem();
    client = system.clients[0]!;
    ({ name } = await client.create());
  });
  afterAll(() => system.stop());

  it('has the name that its caller gave it, once', async () => {
    const named = { command: 'echo $((6 * 7))', executionId: 'the-answer' };
    expect(await client.execute(name, named)).toMatchObject({ executionId: 'the-answer', stdout: '42\n' });
    expect(await client.execution(name, 'the-answer')).toMatchObject({ state: 'completed', bytes: 3 });
    expect(await orError(client.execute(name, named))).toMatchObject({ status: 409, problem: { code: 'conflict' } });
  });

  it('is stopped, goes on, and ends as the signals say', async () => {
    const python =
      'import os, signal; signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"usr1\\n")); ' +
      'os.write(1, b"up\\n"); signal.pause(); signal.pause()';
    const { executionId, events } = await client.executeStreaming(name, { argv: ['python3', '-c', python] });
    const next = async (): Promise<string> =>
      (JSON.parse(((await events.next()).value as { data: string }).data) as { data: string }).data;
    expect(await next()).toBe('up\n');
    expect(await client.signal(name, executionId, 'SIGUSR1')).toMatchObject({ id: executionId, state: 'running' });
    expect(await next()).toBe('usr1\n');
    await client.signal(name, executionId, 'SIGINT');
    const last = (await Array.fromAsync(events)).at(-1)!;
    expect(JSON.parse(last.data)).toMatchObject({ signal: 'SIGINT', exitCode: 130 });
    const late = orError(client.signal(name, executionId, 'SIGTERM'));
    expect(await late).toMatchObject({ status: 409, problem: { code: 'conflict' } });
  });

  it('that is stopped ends when its time is up, and can clean up', async () => {
    const command = 'trap "echo bye; exit" TERM; echo $$; while :; do sleep 1 & wait $!; done';
    const { executionId, events } = await client.executeStreaming(name, { command, timeoutSeconds: 2 });
    const first = (await events.next()).value as { data: string };
    const pid = Number((JSON.parse(first.data) as { data: string }).data);
    await client.signal(name, executionId, 'SIGSTOP');
    const state = async (): Promise<string> =>
      (await client.execute(name, { command: `ps -o stat= -p ${pid}` })).stdout;
    await waitFor('it is stopped', state, /^T/);
    const rest = await Array.fromAsync(events);
    expect(rest.map(({ data }) => data).join()).toContain('bye\\n');
    expect(JSON.parse(rest.at(-1)!.data)).toMatchObject({ exitCode: 124, timedOut: true });
  });
});
