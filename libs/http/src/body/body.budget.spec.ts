import { connect } from 'node:net';
import { waitFor } from '@warmbox/testing';
import { holding, Things, type Told } from '../fixtures/things.scene.js';

let things: Things;
beforeAll(async () => (things = await Things.start()));
afterEach(() => {
  for (const release of holding.splice(0)) release();
});
afterAll(() => things.stop());
const send = (...request: Parameters<Things['send']>): Promise<Told> => things.send(...request);

describe('the room for bodies', () => {
  /** A request whose body is announced and does not come. */
  async function announce(bytes: number): Promise<{ answer: () => string; end: () => void }> {
    const socket = connect(things.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const head = 'POST /things/held HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    await new Promise<void>((resolve) => socket.write(`${head}content-length: ${bytes}\r\n\r\n{`, () => resolve()));
    return { answer: () => text, end: () => void socket.destroy() };
  }

  const MIB = 1024 * 1024;
  const large = `{"command":"cat","stdin":"${'x'.repeat(MIB - 100)}"}`;
  const fill = (): ReturnType<typeof send> => send('POST', '/execute', `${large}${' '.repeat(6 * MIB)}`);

  it('is refused before a body is read, and free again when its request is over', async () => {
    const holders = await Promise.all([announce(8 * MIB), announce(8 * MIB)]);
    const refused = await waitFor('the room is taken', fill, ({ status }) => status !== 200);
    expect([refused.status, refused.problem.code, refused.headers.get('retry-after')]).toEqual([
      503,
      'overloaded',
      '1',
    ]);
    const third = await announce(8 * MIB);
    await waitFor('one more is told without its body', third.answer, /^HTTP\/1\.1 503 /);
    // There is room for small ones all the while.
    expect((await send('POST', '/execute', large)).status).toBe(200);
    for (const { end } of [...holders, third]) end();
    await waitFor('the room is free', fill, { status: 200 });
  });

  it('is held until the answer begins', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(7 * MIB) });
    const [first, second] = [send('POST', '/held', body), send('POST', '/held', body)];
    await waitFor('both are held', () => holding, { length: 2 });
    expect((await send('POST', '/held', body)).status).toBe(503);
    for (const release of holding.splice(0)) release();
    expect([(await first).status, (await second).status]).toEqual([201, 201]);
    const third = send('POST', '/held', body);
    await waitFor('it is held', () => holding, { length: 1 });
    holding[0]!();
    expect((await third).status).toBe(201);
  });

  it('is free once a stream begins, however it is written', async () => {
    const body = JSON.stringify({ a: 'x'.repeat(7 * MIB) });
    const streams = [];
    for (let count = 1; count <= 4; count += 1) {
      streams.push(send('POST', '/streams', body));
      await waitFor('one more stream runs', () => holding, { length: count });
    }
    for (const release of holding.splice(0)) release();
    expect((await Promise.all(streams)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  it('is free once a connection has gone, whatever waits on it', async () => {
    const socket = connect(things.port, '127.0.0.1');
    const body = `{"a":"${'x'.repeat(7 * MIB - 100)}"}`;
    const head = 'POST /things/held HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';
    for (let count = 0; count < 3; count += 1) socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    await waitFor('all three are held', () => holding, { length: 3 });
    // So large that none of the three may be held beside it.
    const another = JSON.stringify({ command: 'cat' }).padEnd(8 * MIB);
    expect((await send('POST', '/execute', another)).status).toBe(503);
    socket.destroy();
    await waitFor('there is room again', () => send('POST', '/execute', another), { status: 200 });
  });

  it('is not lost to bodies that are refused', async () => {
    for (let n = 0; n < 4; n += 1) {
      expect((await send('POST', '/execute', `{${' '.repeat(7 * MIB)}`)).status).toBe(400);
      expect((await send('POST', '/execute', ' '.repeat(9 * MIB))).status).toBe(413);
    }
  });
});
