import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { FakeClock, waitFor } from '@warmbox/testing';
import type { FastifyReply } from 'fastify';
import type { ExecutionRegistry } from './execution.registry.js';
import { StdinController } from './stdin.controller.js';

describe('The route to standard input', () => {
  let clock: FakeClock;
  let server: Server;
  let taken: PromiseWithResolvers<{ bytes: number; isEnded: boolean }>;

  beforeEach(async () => {
    clock = new FakeClock();
    taken = Promise.withResolvers();
    const registry = { find: () => ({ write: () => taken.promise }) };
    const controller = new StdinController(registry as unknown as ExecutionRegistry, clock);
    server = createServer((raw, response) => {
      const reply = {
        raw: response,
        request: { raw },
        status: () => reply,
        header: () => reply,
        send: (body: object) => response.end(JSON.stringify(body)),
      };
      void controller.write('one', {}, undefined, reply as unknown as FastifyReply);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => server.close());

  it('says every quarter of a minute that its executor lives, until there is an answer', async () => {
    const { port } = server.address() as AddressInfo;
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', agent: false }).end();
    const interim: number[] = [];
    request.on('information', ({ statusCode }: { statusCode: number }) => interim.push(statusCode));
    await waitFor('the request', () => clock.waiting, 1);
    for (let count = 1; count <= 3; count += 1) {
      await clock.advance(15_000);
      await waitFor('a sign of life', () => interim, { length: count });
    }
    expect(interim).toEqual([102, 102, 102]);
    const answer = once(request, 'response');
    taken.resolve({ bytes: 3, isEnded: false });
    const [{ statusCode }] = (await answer) as [IncomingMessage];
    expect([statusCode, clock.waiting]).toEqual([200, 0]);
  });
});
