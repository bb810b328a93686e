import { jest } from '@jest/globals';
import { connect } from 'node:net';
import { COMMAND_MAX_LENGTH, EXECUTE_BODY_MAX_BYTES } from '@warmbox/contracts';
import { waitFor } from '@warmbox/testing';
import { allEvents, idOf, TestExecutor, type Ask } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

const json = { 'content-type': 'application/json' };

describe("The executor's HTTP", () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  const execute = (ask: Ask): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/execute', { method: 'POST', ...ask });

  it.each<[string, Ask, number, string]>([
    ['JSON that is none', { raw: '{"command":' }, 400, 'invalid_request'],
    ['an array', { raw: '[]' }, 400, 'invalid_request'],
    ['no body', {}, 400, 'invalid_request'],
    ['neither command nor argv', { body: {} }, 400, 'invalid_request'],
    ['both command and argv', { body: { command: 'true', argv: ['true'] } }, 400, 'invalid_request'],
    ['an empty command', { body: { command: '' } }, 400, 'invalid_request'],
    ['an empty argv', { body: { argv: [] } }, 400, 'invalid_request'],
    ['an argv without a program', { body: { argv: [''] } }, 400, 'invalid_request'],
    ['a field that does not exist', { body: { command: 'true', frobnicate: true } }, 400, 'invalid_request'],
    ['a NUL in the command', { body: { command: 'echo \0' } }, 400, 'invalid_request'],
    ['a NUL in an argument', { body: { argv: ['echo', '\0'] } }, 400, 'invalid_request'],
    ['a NUL in a variable', { body: { command: 'true', environmentVariables: { A: '\0' } } }, 400, 'invalid_request'],
    [
      'a variable whose name holds "="',
      { body: { command: 'true', environmentVariables: { 'A=B': '' } } },
      400,
      'invalid_request',
    ],
    ['a command that is too long', { body: { command: 'x'.repeat(COMMAND_MAX_LENGTH + 1) } }, 400, 'invalid_request'],
    ['a time-out of nothing', { body: { command: 'true', timeoutSeconds: 0 } }, 400, 'invalid_request'],
    ['a fractional time-out', { body: { command: 'true', timeoutSeconds: 1.5 } }, 400, 'invalid_request'],
    ['a time-out in text', { body: { command: 'true', timeoutSeconds: '5' } }, 400, 'invalid_request'],
    ['an encoding that does not exist', { body: { command: 'true', encoding: 'utf16' } }, 400, 'invalid_request'],
    ['a body that is too large', { raw: `{"command":"${'x'.repeat(EXECUTE_BODY_MAX_BYTES)}"}` }, 413, 'too_large'],
    ['another media type', { raw: 'true', headers: { 'content-type': 'text/plain' } }, 415, 'unsupported_media_type'],
    ['no acceptable answer', { body: { command: 'true' }, headers: { accept: 'image/png' } }, 406, 'not_acceptable'],
    ['no token', { body: { command: 'true' }, headers: { authorization: '' } }, 401, 'unauthenticated'],
    [
      'another token',
      { body: { command: 'true' }, headers: { authorization: 'Bearer other' } },
      401,
      'unauthenticated',
    ],
  ])('refuses %s with a problem document, and starts nothing', async (_, ask, status, code) => {
    const before = (await executor.ask('/api/executions')).text;
    const answer = await execute(ask);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toMatchObject({ status, code, requestId: answer.headers['x-request-id'] });
    if (code === 'invalid_request') expect(answer.json.errors).not.toHaveLength(0);
    expect((await executor.ask('/api/executions')).text).toBe(before);
  });

  it.each<[string, string, Ask, number, string]>([
    ['a route that does not exist', '/api/nothing', {}, 404, 'route_not_found'],
    ['an execution that does not exist', '/api/executions/nothing', {}, 404, 'execution_not_found'],
    ['its events', '/api/executions/nothing/events', {}, 404, 'execution_not_found'],
    ['its cancel', '/api/executions/nothing', { method: 'DELETE' }, 404, 'execution_not_found'],
    ["its client's leaving", '/api/executions/nothing/left', { method: 'POST' }, 404, 'execution_not_found'],
    ['an id with a percent sign', '/api/executions/%zz', {}, 400, 'invalid_request'],
    [
      'health that is not asked for by GET',
      '/healthz',
      { method: 'POST', headers: json, raw: '{}' },
      405,
      'method_not_allowed',
    ],
  ])('answers %s with a problem document', async (_, path, ask, status, code) => {
    const answer = await executor.ask(path, ask);
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ status, code });
  });

  it('names the methods that a route has', async () => {
    const answer = await executor.ask('/api/executions/some', { method: 'PUT' });
    expect(answer).toMatchObject({ status: 405, json: { code: 'method_not_allowed' } });
    expect(answer.headers.allow).toBe('DELETE, GET, HEAD');
  });

  it('tells nobody without the token which routes there are', async () => {
    const answer = await executor.ask('/api/nothing', { headers: { authorization: 'Bearer wrong' } });
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  it('answers for its health without a token', async () => {
    expect(await executor.ask('/healthz', { headers: { authorization: '' } })).toMatchObject({
      status: 200,
      json: { status: 'ok' },
    });
  });

  it("answers with the caller's request id where it is sane, streams too", async () => {
    const streamed = await executor.execute({ command: 'true' }, { 'x-request-id': 'my-id' });
    expect(streamed.headers['x-request-id']).toBe('my-id');
    await allEvents(streamed);
    const insane = await executor.ask('/healthz', { headers: { 'x-request-id': 'a b' } });
    expect(insane.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  describe('for the events of an execution', () => {
    let path: string;
    beforeAll(async () => {
      const creator = await executor.execute({ command: 'printf abc' });
      await allEvents(creator);
      path = `/api/executions/${idOf(creator)}/events`;
    });

    it.each(['x', '-1', '1.5', '3s', '4', '1e9', '99999999999999999999'])('refuses to begin after %j', async (id) => {
      const byHeader = await executor.ask(path, { headers: { 'last-event-id': id } });
      const byQuery = await executor.ask(`${path}?after=${encodeURIComponent(id)}`);
      expect([byHeader.status, byQuery.status]).toEqual([400, 400]);
      expect(byHeader.json.errors).toMatchObject([{ pointer: 'Last-Event-ID' }]);
      expect(byQuery.json.errors).toMatchObject([{ pointer: '?after' }]);
    });

    it('refuses what it does not know', async () => {
      expect((await executor.ask(`${path}?encoding=x`)).status).toBe(400);
      expect((await executor.ask(`${path}?other=1`)).status).toBe(400);
      expect((await executor.ask(path, { headers: { accept: 'application/json' } })).status).toBe(406);
    });

    it('answers 204 to who has seen the end', async () => {
      expect(await executor.ask(path, { headers: { 'last-event-id': '3e' } })).toMatchObject({ status: 204, text: '' });
    });

    it('answers HEAD without becoming a stream', async () => {
      const { status, headers, text } = await executor.ask(path, { method: 'HEAD' });
      expect([status, headers['content-type'], text]).toEqual([200, 'text/event-stream; charset=utf-8', '']);
    });
  });

  it('lists executions, the newest first, and shows each as it is in the list', async () => {
    const { executionId: first } = await executor.run({ command: 'true' });
    const { executionId: second } = await executor.run({ argv: ['echo', 'a b', "it's"] });
    const list = await executor.executions();
    expect(list.slice(0, 2).map(({ id }) => id)).toEqual([second, first]);
    expect(await executor.execution(String(second))).toEqual(list[0]);
    expect(list[0]).toEqual({
      id: second,
      command: String.raw`echo 'a b' 'it'\''s'`,
      state: 'completed',
      exitCode: 0,
      timedOut: false,
      startedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as string,
      endedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/) as string,
      bytes: 9,
    });
  });

  it('sees that a client has gone that only closed its own half of the connection', async () => {
    const body = JSON.stringify({ command: 'sleep 300', disconnectGraceSeconds: 0 });
    const socket = connect(executor.port, '127.0.0.1');
    socket.write(
      `POST /api/execute HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${executor.token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    const head = await new Promise<string>((resolve) =>
      socket.once('data', (data: Buffer) => resolve(data.toString())),
    );
    const id = /x-execution-id: (\w+)/.exec(head)?.[1] ?? '';
    await executor.ask(`/api/executions/${id}/left`, { method: 'POST' });
    expect(await executor.execution(id)).toMatchObject({ state: 'running' });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.end();
    await closed;
    // Not by a stream: a new reader would end the grace.
    await waitFor('the command has ended', () => executor.execution(id), { state: 'completed' });
    const events = await allEvents(await executor.open(`/api/executions/${id}/events`));
    expect(events.at(-1)).toMatchObject({ event: 'CompletedEvent', data: { cancelled: true } });
  });
});

describe('An executor without a token', () => {
  it('lets everybody in where that is asked for', async () => {
    const open = await TestExecutor.start({ auth: 'none', token: undefined });
    try {
      expect((await open.ask('/api/executions', { headers: { authorization: '' } })).status).toBe(200);
    } finally {
      await open.stop();
    }
  });
});
