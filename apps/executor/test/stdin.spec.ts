import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { jest } from '@jest/globals';
import { unchanged, waitFor } from '@warmbox/testing';
import { eventsOf, idOf, TestExecutor, type Answer, type SeenEvent } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

describe('Standard input that is kept open', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  const post = (id: string, raw?: string, query = ''): Promise<Answer> =>
    executor.ask(`/api/executions/${id}/stdin${query}`, { method: 'POST', raw });

  /** Begins a body that goes on. */
  function begin(id: string, query = ''): ClientRequest {
    const request = httpRequest({
      host: '127.0.0.1',
      port: executor.port,
      method: 'POST',
      path: `/api/executions/${id}/stdin${query}`,
      agent: false,
      headers: { authorization: `Bearer ${executor.token}`, 'transfer-encoding': 'chunked' },
    });
    request.on('error', () => undefined).flushHeaders();
    return request;
  }

  async function answerOf(request: ClientRequest): Promise<{ status?: number; json: Record<string, unknown> }> {
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, json: JSON.parse(text) as Record<string, unknown> };
  }

  interface Running {
    id: string;
    events: AsyncGenerator<SeenEvent>;
    /** Reads output until it has come. */
    printed: (text: string) => Promise<void>;
  }

  async function start(command: string, body: object = {}): Promise<Running> {
    const answer = await executor.execute({ command, keepStdinOpen: true, ...body });
    const events = eventsOf(answer);
    let output = '';
    const printed = async (text: string): Promise<void> => {
      while (!output.includes(text)) {
        const { value } = (await events.next()) as { value: SeenEvent };
        if (value.event !== 'OutputEvent') throw new Error(`${text} did not come: ${JSON.stringify(value)}`);
        output += value.data.data;
      }
      output = output.slice(output.indexOf(text) + text.length);
    };
    return { id: idOf(answer), events, printed };
  }

  const lastOf = async ({ events }: Running): Promise<SeenEvent['data']> =>
    (await Array.fromAsync(events)).at(-1)!.data;

  it('drives a shell, line by line, until it is ended', async () => {
    const shell = await start('exec bash');
    expect(await post(shell.id, 'echo $((6 * 7))\n')).toMatchObject({
      status: 200,
      json: { executionId: shell.id, bytes: 16, ended: false },
    });
    await shell.printed('42\n');
    await post(shell.id, 'cd /; pwd\n');
    await shell.printed('/\n');
    expect((await post(shell.id, undefined, '?end=true')).json).toMatchObject({ bytes: 0, ended: true });
    expect(await lastOf(shell)).toMatchObject({ exitCode: 0 });
  });

  it('drives Python, which answers each statement', async () => {
    const python = await start('exec python3 -i -q');
    await post(python.id, 'x = 6 * 7\nprint("x is", x)\n');
    await python.printed('x is 42\n');
    await post(python.id, 'raise SystemExit(3)\n');
    expect(await lastOf(python)).toMatchObject({ exitCode: 3 });
  });

  it('has the text of the request first, and then what comes', async () => {
    const cat = await start('exec cat', { stdin: 'first\n' });
    await cat.printed('first\n');
    expect((await post(cat.id, 'second\n', '?end=true')).json).toMatchObject({ ended: true });
    await cat.printed('second\n');
    expect(await lastOf(cat)).toMatchObject({ exitCode: 0 });
  });

  it('takes bytes as they are', async () => {
    const sum = await start('sha256sum');
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index % 256));
    const request = begin(sum.id, '?end=true');
    request.end(bytes);
    expect((await answerOf(request)).json).toMatchObject({ bytes: 100_000, ended: true });
    await sum.printed(`${createHash('sha256').update(bytes).digest('hex')}  -\n`);
  });

  it('makes who sends wait for a program that does not read, and takes it all once that reads', async () => {
    const size = 20_000_000;
    const late = await start(`until [ -e read ]; do sleep 0.02; done; head -c ${size} | wc -c`);
    const request = begin(late.id);
    let sent = 0;
    const send = (): void => {
      while (sent < size) {
        sent += 1_000_000;
        if (!request.write(Buffer.alloc(1_000_000))) {
          request.once('drain', send);
          return;
        }
      }
      request.end();
    };
    send();
    await waitFor('nothing more is taken', () => sent, unchanged(20));
    expect(sent).toBeLessThan(size);
    const answer = answerOf(request);
    await executor.run({ command: 'touch read' });
    expect(await answer).toMatchObject({ status: 200, json: { bytes: size } });
    await late.printed(`${size}\n`);
  });

  it('is somebody’s who types: each line arrives while the request goes on', async () => {
    const cat = await start('exec cat');
    const typing = begin(cat.id);
    for (const line of ['one\n', 'two\n', 'three\n']) {
      typing.write(line);
      await cat.printed(line);
    }
    expect(await post(cat.id, 'four\n')).toMatchObject({
      status: 409,
      json: { code: 'conflict', detail: expect.stringContaining('by another request') as string },
    });
    const answer = answerOf(typing);
    typing.end();
    expect((await answer).json).toMatchObject({ bytes: 14, ended: false });
    await post(cat.id, 'four\n', '?end=true');
    await cat.printed('four\n');
  });

  it('stays open where a client leaves in the middle, and what had come is written', async () => {
    const cat = await start('exec cat');
    const leaving = begin(cat.id, '?end=true');
    leaving.write('half a li');
    await cat.printed('half a li');
    leaving.destroy();
    const next = (): Promise<Answer> => post(cat.id, 'ne\n', '?end=true');
    expect(await waitFor('it is noticed', next, ({ status }) => status !== 409)).toMatchObject({ status: 200 });
    await cat.printed('ne\n');
    expect(await lastOf(cat)).toMatchObject({ exitCode: 0 });
  });

  it('says how much was taken where the program closes it, and where the program ends', async () => {
    const closing = await start('head -n 1; exec <&-; echo closed; sleep 300');
    const request = begin(closing.id);
    request.write('a line\n');
    await closing.printed('closed\n');
    const answer = answerOf(request);
    request.write('for nobody');
    expect(await answer).toMatchObject({ status: 409, json: { code: 'conflict', bytes: 7 } });
    expect(await post(closing.id, 'more')).toMatchObject({ status: 409 });
    await executor.ask(`/api/executions/${closing.id}`, { method: 'DELETE' });

    const ending = await start('head -n 1; exit 5');
    const idle = begin(ending.id);
    const refused = answerOf(idle);
    idle.write('a line\n');
    expect(await lastOf(ending)).toMatchObject({ exitCode: 5 });
    expect(await refused).toMatchObject({ status: 409, json: { code: 'conflict', bytes: 7 } });
    expect(await post(ending.id)).toMatchObject({
      status: 409,
      json: { detail: expect.stringContaining('has completed') as string },
    });
  });

  it('has taken the line that a program reads and ends by', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { id } = await start('read line; exit 0');
      expect(await post(id, 'the line\n')).toMatchObject({ status: 200, json: { bytes: 9 } });
    }
  });

  it('does not keep its command from its time limit', async () => {
    const waiting = await start('echo up; read line', { timeoutSeconds: 1 });
    const request = begin(waiting.id);
    const refused = answerOf(request);
    expect(await lastOf(waiting)).toMatchObject({ exitCode: 124, timedOut: true });
    expect(await refused).toMatchObject({ status: 409, json: { bytes: 0 } });
  });

  it('ends with the sandbox, and so does who writes to it', async () => {
    const ending = await TestExecutor.start();
    const answer = await ending.execute({ command: 'cat', keepStdinOpen: true });
    const socket = connect(ending.port, '127.0.0.1');
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
    socket.write(
      `POST /api/executions/${idOf(answer)}/stdin HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${ending.token}\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
    );
    const events = eventsOf(answer);
    await events.next();
    const stopped = ending.stop();
    await waitFor('the answer', () => got, /^HTTP\/1\.1 503 [^]*"shutting_down"/);
    socket.destroy();
    await stopped;
  });

  it('is not there where nobody asked for it, and 404 where there is no execution', async () => {
    const answer = await executor.execute({ command: 'sleep 300', stdin: 'text' });
    expect(await post(idOf(answer), 'x')).toMatchObject({
      status: 409,
      json: { code: 'conflict', detail: expect.stringContaining('without keepStdinOpen') as string },
    });
    answer.destroy();
    expect((await post('nosuchexecution0', 'x')).status).toBe(404);
    const { id } = await start('cat');
    expect((await post(id, undefined, '?end=yes')).json).toMatchObject({ errors: [{ pointer: '?end' }] });
    await post(id, undefined, '?end=true');
    expect(await post(id, 'late')).toMatchObject({ status: 409 });
  });

  it('leaves no descriptor behind', async () => {
    const open = async (): Promise<number> =>
      Number((await executor.run({ command: 'ls /proc/$PPID/fd | wc -l' })).stdout);
    await waitFor('it is quiet', open, unchanged(5));
    const before = await open();
    for (let round = 0; round < 30; round += 1) {
      const { id, events } = await start('exec cat');
      if (round % 3 === 0) await post(id, 'x', '?end=true');
      else await executor.ask(`/api/executions/${id}`, { method: 'DELETE' });
      await Array.fromAsync(events);
    }
    await waitFor('as many as before', open, (now) => now <= before + 2);
  });
});
