import { once } from 'node:events';
import { jest } from '@jest/globals';
import { EXECUTE_BODY_MAX_BYTES, STDIN_MAX_BYTES } from '@warmbox/contracts';
import { ProblemError } from '@warmbox/platform';
import { atLeast, waitFor } from '@warmbox/testing';
import { EXECUTE, ExecutionScene, problemOf, textOf } from './fixtures/execution.scene.js';
import { begin, COMPLETED, ID, output, STARTED } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

describe('execute', () => {
  it('passes the bytes on as they are, however they are cut', async () => {
    const stream = STARTED + output('héllo\n', 7) + ': keep-alive\n\n' + COMPLETED;
    scene.executor.on('POST execute', (asked) => {
      const response = begin(asked);
      for (const byte of Buffer.from(stream)) response.write(Buffer.from([byte]));
      response.end();
    });
    const { answer } = await scene.execute({ 'x-request-id': 'mine' });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-execution-id': ID,
      'x-request-id': 'mine',
      'cache-control': 'no-cache, no-store, no-transform',
    });
    expect(await textOf(answer)).toBe(stream);
    await scene.connections.close();
    expect(scene.lefts()).toEqual([]);
  });

  it('sends the headers before the command has printed anything, and each event as soon as it is whole', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    expect(answer.headers['x-execution-id']).toBe(ID);
    const { response } = await stream;
    const event = output('1\n', 2);
    response.write(event.slice(0, -1));
    response.write(event.slice(-1) + output('2\n', 4).slice(0, 9));
    let received = '';
    answer.on('data', (chunk: Buffer) => (received += chunk.toString()));
    await waitFor('the first event', () => received, { length: atLeast(event.length) });
    expect(received).toBe(event);
    response.end(output('2\n', 4).slice(9));
    await once(answer, 'end');
    expect(received).toBe(event + output('2\n', 4));
  });

  it('asks the executor with its own token, and passes on what the client may say', async () => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const body = { command: 'echo $X', cwd: 'src', environmentVariables: { X: '1' }, stdin: 'é', timeoutSeconds: 5 };
    const headers = { traceparent, 'x-request-id': 'r-1', authorization: 'Bearer of-the-manager', cookie: 'a=b' };
    await textOf((await scene.ask(EXECUTE, { headers, body })).answer);
    const [asked] = scene.executor.of('POST execute');
    expect(JSON.parse(asked!.body)).toEqual(body);
    expect(asked!.headers).toMatchObject({
      authorization: 'Bearer token-of-a-test',
      accept: 'text/event-stream',
      traceparent,
      'x-request-id': 'r-1',
    });
    expect(asked!.headers).not.toHaveProperty('cookie');
  });

  it('asks for a keyed execution by what its caller’s key is to that caller, which does not tell the key', async () => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    const body = { command: 'true' };
    for (const key of ['a', 'a', 'b'])
      await textOf((await scene.ask(EXECUTE, { headers: { 'idempotency-key': key }, body })).answer);
    const [one, same, other] = scene.executor.of('POST execute').map(({ headers }) => headers['idempotency-key']);
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect([same === one, other === one]).toEqual([true, false]);
    const { answer } = await scene.ask(EXECUTE, { headers: { 'idempotency-key': 'é' }, body });
    expect((await problemOf(answer)).errors?.[0]?.pointer).toBe('Idempotency-Key');
  });

  it.each([
    [422, 'idempotency_key_reused'],
    [410, 'output_gone'],
  ])('passes on that a key cannot be answered: %i %s', async (status, code) => {
    scene.executor.on('POST execute', ({ response }) =>
      response
        .writeHead(status, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code, status, detail: 'because' })),
    );
    const { answer } = await scene.execute({ 'idempotency-key': 'k' });
    expect(await problemOf(answer)).toMatchObject({ status, code, detail: 'because' });
  });

  it('ignores a traceparent that is none', async () => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    for (const traceparent of [
      'nonsense',
      `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
      `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    ])
      await textOf((await scene.execute({ traceparent })).answer);
    expect(scene.executor.of('POST execute').map(({ headers }) => headers.traceparent)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('answers the execution of a detached command at once, and where it is, to whoever wants JSON', async () => {
    const execution = { id: ID, command: 'sleep 9', state: 'running', timedOut: false, startedAt: 'now', bytes: 0 };
    scene.executor.on('POST execute', ({ response, body }) => {
      expect(JSON.parse(body)).toEqual({ command: 'sleep 9', detached: true });
      response
        .writeHead(202, { 'content-type': 'application/json', 'x-execution-id': ID })
        .end(JSON.stringify(execution));
    });
    const body = { command: 'sleep 9', detached: true };
    const { answer } = await scene.ask(EXECUTE, { headers: { accept: 'application/json' }, body });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-execution-id': ID,
      location: `executions/${ID}`,
    });
    expect(JSON.parse(await textOf(answer))).toEqual(execution);
    expect(scene.executor.of('POST left')).toEqual([]);
  });

  it('passes on no execution without an end', async () => {
    scene.executor.on('POST execute', ({ response }) => {
      response.writeHead(202, { 'content-type': 'application/json', 'x-execution-id': ID });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
        response.once('drain', more);
      };
      more();
    });
    const { answer } = await scene.ask(EXECUTE, {
      headers: { accept: 'application/json' },
      body: { command: 'true', detached: true },
    });
    expect(await problemOf(answer)).toMatchObject({ status: 502, code: 'executor_unreachable' });
  });

  it('streams NDJSON to whoever asks for it', async () => {
    const lines = '{"event":"OutputEvent","id":"2","data":{}}\n{"event":"CompletedEvent","data":{}}\n';
    scene.executor.on('POST execute', (asked) => begin(asked, 'application/x-ndjson').end(lines));
    const { answer } = await scene.execute({ accept: 'application/x-ndjson' });
    expect(answer.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
    expect(await textOf(answer)).toBe(lines);
  });

  it('answers JSON to whoever asks for it, when the command is over', async () => {
    const stream = scene.nextStream('POST execute', 'application/json');
    const asking = scene.ask(EXECUTE, { headers: { accept: 'application/json' }, body: { argv: ['true'] } });
    (await stream).response.end('{"exitCode":0}');
    const { answer } = await asking;
    expect(answer.headers).toMatchObject({ 'content-type': 'application/json; charset=utf-8', 'x-execution-id': ID });
    expect(await textOf(answer)).toBe('{"exitCode":0}');
  });

  it('gives back the room of a body once the executor has it, however long its result takes', async () => {
    const small = await ExecutionScene.start({ bodyBudget: 1_200_000 });
    // Two thirds of what there is for large ones.
    const body = { command: 'cat', stdin: 'a'.repeat(600_000) };
    const run = async (): Promise<unknown> => {
      const begun = small.nextStream('POST execute', 'application/json').then(() => 'begun');
      const request = small.send(EXECUTE, { headers: { accept: 'application/json' }, body });
      return Promise.race([begun, once(request, 'response').then(([{ statusCode }]) => statusCode as number)]);
    };
    try {
      expect(await run()).toBe('begun');
      await waitFor('room for another one', run, 'begun');
    } finally {
      small.shutdown.abort(new ProblemError('shutting_down', 'over'));
      await small.stop();
    }
  });

  it('refuses representations that it does not have', async () => {
    const { answer } = await scene.execute({ accept: 'text/html' });
    expect(answer.statusCode).toBe(406);
    expect(await problemOf(answer)).toMatchObject({ code: 'not_acceptable' });
    expect(scene.executor.asked).toEqual([]);
  });

  it.each([
    ['neither command nor argv', {}, ['/command']],
    ['both command and argv', { command: 'true', argv: ['true'] }, ['/argv']],
    ['an empty command', { command: '' }, ['/command']],
    ['an empty program', { argv: ['', 'x'] }, ['/argv/0']],
    ['a NUL in an argument', { argv: ['a\0b'] }, ['/argv']],
    ['a fraction of a second', { command: 'true', timeoutSeconds: 1.5 }, ['/timeoutSeconds']],
    ['a directory that is no string', { command: 'true', cwd: 7 }, ['/cwd']],
    ['an unknown field', { command: 'true', shell: 'zsh' }, ['/shell']],
  ])('refuses %s by name before the executor hears of it', async (_, body, pointers) => {
    const { answer } = await scene.ask(EXECUTE, { body });
    expect(answer.statusCode).toBe(400);
    const problem = await problemOf(answer);
    expect(problem.code).toBe('invalid_request');
    expect(problem.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(scene.executor.asked).toEqual([]);
  });

  it('takes standard input of 1 MiB, however it is escaped, and refuses a body beyond all bounds', async () => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(COMPLETED));
    const stdin = '\u0001'.repeat(STDIN_MAX_BYTES);
    await textOf((await scene.ask(EXECUTE, { body: { command: 'cat', stdin } })).answer);
    expect((JSON.parse(scene.executor.of('POST execute')[0]!.body) as { stdin: string }).stdin.length).toBe(
      STDIN_MAX_BYTES,
    );
    const { answer } = await scene.ask(EXECUTE, {
      body: { command: 'cat', stdin: 'x'.repeat(EXECUTE_BODY_MAX_BYTES) },
    });
    expect(answer.statusCode).toBe(413);
  });

  it('passes the executor’s refusal on under our own request id', async () => {
    scene.executor.on('POST execute', ({ response }) =>
      response
        .writeHead(422, { 'content-type': 'application/problem+json' })
        .end(JSON.stringify({ code: 'cannot_start', status: 422, detail: 'no such directory', requestId: 'theirs' })),
    );
    const { answer } = await scene.execute({ 'x-request-id': 'ours' });
    expect(answer.statusCode).toBe(422);
    expect(await problemOf(answer)).toMatchObject({
      code: 'cannot_start',
      detail: 'no such directory',
      requestId: 'ours',
    });
  });

  it.each([
    ['a page', 200, 'text/html'],
    ['a redirect', 302, 'text/event-stream'],
    ['an error that is not its to give', 401, 'application/problem+json'],
    ['an error that says nothing', 500, 'text/plain'],
  ])('answers 502 where the executor answers %s', async (_, status, type) => {
    scene.executor.on('POST execute', ({ response }) =>
      response
        .writeHead(status, { 'content-type': type, 'x-execution-id': ID, location: 'http://127.0.0.1:1/' })
        .end('{"code":"unauthenticated","detail":"secret"}'),
    );
    const { answer } = await scene.execute();
    expect(answer.statusCode).toBe(502);
    expect(await problemOf(answer)).toMatchObject({ code: 'executor_unreachable' });
  });
});
