import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { FakeClock, waitFor } from '@warmbox/testing';
import { interimAnswers } from './interim.answers.js';

describe('Interim answers', () => {
  let clock: FakeClock;
  let server: Server;
  let port: number;
  let asked: ServerResponse | undefined;

  beforeEach(async () => {
    clock = new FakeClock();
    asked = undefined;
    server = createServer((_request, response) => {
      asked = response;
      const alive = interimAnswers(response, clock);
      response.once('close', () => alive.cancel());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => server.close());

  it('come every quarter of a minute, until there is an answer', async () => {
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', agent: false }).end();
    const interim: number[] = [];
    request.on('information', ({ statusCode }: { statusCode: number }) => interim.push(statusCode));
    const response = await waitFor('the request', () => asked);
    for (let count = 1; count <= 3; count += 1) {
      await clock.advance(15_000);
      await waitFor('a sign of life', () => interim, { length: count });
    }
    const answer = once(request, 'response');
    response.flushHeaders();
    await clock.advance(15_000);
    response.end('done');
    const [{ statusCode }] = (await answer) as [IncomingMessage];
    expect([statusCode, interim]).toEqual([200, [102, 102, 102]]);
    await waitFor('nothing waits', () => clock.waiting, 0);
  });

  it('are none to who would take one for the answer', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.0\r\n\r\n');
    const closed = once(socket, 'close');
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk)));
    const response = await waitFor('the request', () => asked);
    await clock.advance(15_000);
    response.end('done');
    await closed;
    expect(got).toMatch(/^HTTP\/1\.1 200 OK/);
  });
});
