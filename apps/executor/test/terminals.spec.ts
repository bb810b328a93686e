import { once } from 'node:events';
import { connect } from 'node:net';
import { waitFor, type TerminalClient } from '@warmbox/testing';
import { isAlive, TestExecutor } from './test.executor.js';

describe('a terminal in the sandbox', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  const create = (body: object): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/terminals', { method: 'POST', body: { cols: 80, rows: 24, ...body } });
  async function make(body: object = {}): Promise<string> {
    const { status, json } = await create(body);
    expect([status, json]).toEqual([201, json]);
    return String(json.id);
  }
  const run = (script: string): Promise<string> => make({ argv: ['/bin/bash', '-c', script] });
  const view = (id: string, query?: string): Promise<TerminalClient> => executor.view(id, query);
  const shown = async (id: string): Promise<Record<string, unknown>> =>
    (await executor.ask(`/api/terminals/${id}`)).json;

  it('is a login shell of a size, in the workspace, with the variables of the sandbox and its own', async () => {
    await executor.ask('/api/environment', {
      method: 'PUT',
      body: { environmentVariables: { A: 'session', B: 'session' } },
    });
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const answer = await executor.ask('/api/terminals', {
      method: 'POST',
      body: { cols: 100, rows: 30, terminalId: 'login', environmentVariables: { B: 'own', PS1: '> ' } },
      headers: { traceparent },
    });
    expect([answer.status, answer.headers.location]).toEqual([201, 'terminals/login']);
    expect(answer.json).toMatchObject({ id: 'login', command: '/bin/bash -l', state: 'running', cols: 100, rows: 30 });
    const client = await view('login');
    client.type('tty; stty size; shopt login_shell; echo "<$TERM $A $B $PWD $TRACEPARENT>"\r');
    const text = await client.shows(/<xterm-256color session own \S+ 00-4bf/);
    expect(text).toMatch(/\/dev\/pts\/\d+\r\n30 100\r\nlogin_shell\s+on\r\n/);
    expect(text).toContain(`own ${executor.workspace} ${traceparent}>`);
    client.type('exit 3\r');
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 3 });
    expect(await shown('login')).toMatchObject({ state: 'completed', exitCode: 3, viewers: 0, bytes: client.bytes });
  });

  it.each([
    ['exit 300', { exitCode: 44 }],
    ['kill -9 $$', { exitCode: 137, signal: 'SIGKILL' }],
    ['kill -TERM $$', { exitCode: 143, signal: 'SIGTERM' }],
    ['true', { exitCode: 0 }],
  ])('tells how its program ended: %s', async (script, end) => {
    const id = await run(script);
    expect(await (await view(id)).ended()).toEqual({ type: 'exit', ...end });
    expect(await shown(id)).toMatchObject(end);
  });

  it('passes bytes of any kind both ways, and says nothing beside them', async () => {
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, index) => index % 256));
    const id = await run('stty raw -echo; echo ready; head -c 1024 | od -An -v -tx1 -w1024; head -c 1 > /dev/null');
    const client = await view(id);
    await client.shows(/ready/);
    client.socket.send(bytes);
    const dump = await client.shows(/ff\n$/);
    expect(Buffer.from(dump.replace(/^ready\n/, '').replace(/\s/g, ''), 'hex').equals(bytes)).toBe(true);
    client.type('x');
    await client.ended();
    const raw = await view(await run("stty -opost; printf '\\x00\\xff\\xe2\\x82\\xacA\\xe2\\x82'"));
    await raw.ended();
    expect(Buffer.concat(raw.chunks).toString('hex')).toBe('00ffe282ac41e282');
  });

  it('has several viewers, who see and type the same; the size is the last one’s', async () => {
    const id = await run(
      'trap "stty size" WINCH; echo ready; while ! read -r -t 60 line || [ "$line" != end ]; do echo "got $line"; done',
    );
    const [one, other] = [await view(id), await view(id)];
    await one.shows(/ready/);
    one.type('from one\r');
    other.type('from other\r');
    await Promise.all(
      [one, other].map((client) => client.shows(/got from one[^]*got from other|got from other[^]*got from one/)),
    );
    other.resize(132, 50);
    await one.shows(/50 132/);
    expect(await shown(id)).toMatchObject({ cols: 132, rows: 50, viewers: 2 });
    one.type('end\r');
    await Promise.all([one.ended(), other.ended()]);
    expect(other.text).toBe(one.text);
  });

  it('says what is wrong with a control, and types nothing of it', async () => {
    const client = await view(await run('stty -echo; echo ready; read -r line; echo "<$line>"'));
    await client.shows(/ready/);
    client.type('{"type":"resize","cols":0,"rows":24}');
    client.type('{"type":"close"}');
    client.socket.send(Buffer.from('{"type":"typed"}\r'));
    await client.shows(/<\{"type":"typed"\}>/);
    await client.ended();
    expect(client.notices).toEqual([
      { type: 'error', detail: expect.stringContaining('1 to 1000') as string },
      { type: 'error', detail: expect.stringContaining('"resize"') as string },
      { type: 'exit', exitCode: 0 },
    ]);
  });

  it('goes on where a viewer left off, whatever was printed meanwhile, and after its end too', async () => {
    const id = await run('echo first; read -r _; seq 1 1000; read -r _; echo last');
    const client = await view(id);
    await client.shows(/first/);
    client.socket.terminate();
    const other = await view(id, '?after=0');
    other.type('\r');
    await other.shows(/\n1000\r\n/);
    const again = await view(id, `?after=${client.bytes}`);
    again.type('\r');
    await again.ended();
    await other.ended();
    expect(client.text + again.text).toBe(other.text);
    const late = await view(id, `?after=${other.bytes - 4}`);
    expect(await late.ended()).toEqual({ type: 'exit', exitCode: 0 });
    expect(late.text).toBe('st\r\n');
    for (const after of [String(other.bytes + 1), '-1', 'x']) {
      expect((await executor.ask(`/api/terminals/${id}/connect?after=${after}`)).json.code).toBe('invalid_request');
    }
  });

  it('is ended when nobody has looked at it for its grace, with all that it has started', async () => {
    const id = await make({
      argv: ['/bin/bash', '-c', 'trap "" HUP TERM; (setsid sleep 1000 & echo "<$!>"); while :; do sleep 1; done'],
      disconnectGraceSeconds: 1,
    });
    const client = await view(id);
    const [, sleeping] = /<(\d+)>/.exec(await client.shows(/<\d+>/)) ?? [];
    const { pid } = await shown(id);
    expect([isAlive(Number(pid)), isAlive(Number(sleeping))]).toEqual([true, true]);
    client.socket.close();
    await waitFor('all have ended', () => isAlive(Number(pid)) || isAlive(Number(sleeping)), false);
    await waitFor('its end is told', () => shown(id), { state: 'completed', signal: 'SIGKILL' });
  });

  it('is hung up by DELETE: its shell and its jobs, stopped ones too, and its viewers are told', async () => {
    const id = await make({ argv: ['/bin/bash', '--norc', '-i'], environmentVariables: { PS1: '> ' } });
    const client = await view(id);
    client.type('sleep 1001 & sleep 1002\r');
    await client.shows(/\[1\] \d+/);
    await waitFor('the other one runs', () => executor.run({ command: 'pgrep -fx "sleep 1002"' }), { exitCode: 0 });
    client.type('\u001a');
    await client.shows(/Stopped/);
    const { json } = await executor.ask(`/api/terminals/${id}`, { method: 'DELETE' });
    expect(json).toMatchObject({ state: 'completed', signal: 'SIGHUP', exitCode: 129 });
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 129, signal: 'SIGHUP' });
    await waitFor('its jobs have ended', () => executor.run({ command: 'pgrep -fx "sleep 100[12]"' }), { exitCode: 1 });
    expect((await executor.ask(`/api/terminals/${id}`, { method: 'DELETE' })).json).toEqual(await shown(id));
  });

  it('leaves in the background what its program has left there and no hang-up ends', async () => {
    const id = await run('trap "" HUP; sleep 1003 & echo "<$!>"; exit 0');
    const client = await view(id);
    expect(await client.ended()).toEqual({ type: 'exit', exitCode: 0 });
    const sleeping = Number(/<(\d+)>/.exec(client.text)?.[1]);
    expect((await executor.ask('/api/activity')).json.running).toBeGreaterThan(0);
    process.kill(sleeping);
    await waitFor('it has ended', () => isAlive(sleeping), false);
  });

  it('cannot be made of what there is not, nor twice, nor too often', async () => {
    expect((await create({ argv: ['no-such-program'] })).json).toMatchObject({ status: 422, code: 'cannot_start' });
    expect((await create({ cwd: '/no/such/folder' })).json).toMatchObject({ status: 422, code: 'cannot_start' });
    const script = 'read -r _';
    await make({ argv: ['/bin/bash', '-c', script], terminalId: 'once' });
    expect((await create({ terminalId: 'once' })).json).toMatchObject({ status: 409, code: 'conflict' });
    const answers = await Promise.all(Array.from({ length: 40 }, () => create({ argv: ['/bin/bash', '-c', script] })));
    const made = answers.filter(({ status }) => status === 201).map(({ json }) => String(json.id));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(made.length).toBeGreaterThan(20);
    expect(refused.map(({ json }) => json.detail)).toContainEqual(expect.stringContaining('32 terminals'));
    await Promise.all([...made, 'once'].map((id) => executor.ask(`/api/terminals/${id}`, { method: 'DELETE' })));
  });

  it('that is not there is refused before the 101, as all else that is wrong', async () => {
    const id = await run('read -r _');
    const socket = (path: string, lines: string): Promise<string> =>
      new Promise((resolve) => {
        const connection = connect({ port: executor.port, host: '127.0.0.1' });
        let got = '';
        connection.on('data', (chunk) => (got += String(chunk))).once('close', () => resolve(got));
        connection.write(
          `GET /api/terminals/${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${executor.token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${lines}\r\n`,
        );
      });
    const right = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n';
    expect(await socket('none/connect', right)).toMatch(/^HTTP\/1.1 404 [^]*terminal_not_found/);
    expect(await socket(`${id}/connect`, right.replace('13', '12'))).toMatch(
      /^HTTP\/1.1 400 [^]*sec-websocket-version/,
    );
    expect(await socket(`${id}/connect`, right.replace('AAA', 'A'))).toMatch(/^HTTP\/1.1 400 [^]*sec-websocket-key/);
    expect(await socket(`${id}/connect?after=9999`, right)).toMatch(/^HTTP\/1.1 400 [^]*beyond the output/);
    expect((await executor.ask(`/api/terminals/${id}/connect`)).json).toMatchObject({ code: 'invalid_request' });
  });

  it('breaks off a viewer that sends too large a frame, and lives on', async () => {
    const id = await run('read -r _');
    const client = await view(id);
    client.socket.send(Buffer.alloc(1_048_577));
    await once(client.socket, 'close');
    expect(client.closed).toBe(1009);
    await waitFor('nobody looks at it', () => shown(id), { viewers: 0, state: 'running' });
  });

  it('is activity while it lives, and none is made or looked at while the sandbox is sealed', async () => {
    const alone = await TestExecutor.start({ killGraceSeconds: 0.1 });
    const activity = async (): Promise<Record<string, unknown>> => (await alone.ask('/api/activity')).json;
    const body = { cols: 80, rows: 24, argv: ['/bin/bash', '-c', 'read -r _'], terminalId: 'main' };
    await alone.ask('/api/terminals', { method: 'POST', body });
    expect(await activity()).toMatchObject({ terminals: 1, attached: 0, idleSeconds: 0 });
    const client = await alone.view('main');
    expect(await activity()).toMatchObject({ terminals: 1, attached: 1 });
    expect((await alone.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status).toBe(409);
    client.type('\r');
    await client.ended();
    await waitFor('nothing goes on', activity, { terminals: 0, attached: 0, running: 0 });
    expect((await alone.ask('/api/seal', { method: 'POST', body: { idleSeconds: 0 } })).status).toBe(204);
    expect((await alone.ask('/api/terminals', { method: 'POST', body: { ...body, terminalId: 'b' } })).json.code).toBe(
      'conflict',
    );
    const refused = alone.view('main');
    await expect(refused).rejects.toThrow('409');
    await alone.stop();
  });

  it('ends with the sandbox, and its viewers are told', async () => {
    const ending = await TestExecutor.start();
    const body = { cols: 80, rows: 24, argv: ['/bin/bash', '-c', 'trap "" HUP TERM; setsid sleep 1004 & read -r _'] };
    const { json } = await ending.ask('/api/terminals', { method: 'POST', body });
    const client = await ending.view(String(json.id));
    await ending.stop();
    await waitFor('the connection is closed', () => client.closed, 1001);
    await waitFor('it has ended', () => isAlive(Number(json.pid)), false);
  });

  it('needs the system’s own calls', async () => {
    const without = await TestExecutor.start({ nativeCalls: false });
    const answer = await without.ask('/api/terminals', { method: 'POST', body: { cols: 80, rows: 24 } });
    expect(answer.json).toMatchObject({ status: 422, code: 'cannot_start' });
    expect((await without.ask('/api/terminals')).text).toBe('[]');
    await without.stop();
  });
});
