import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Controller, Get, HttpCode, Module, Param, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ProblemError } from '@warmbox/platform';
import { waitFor } from '@warmbox/testing';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpAdapter } from '../http.adapter.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { RouteSettings } from '../route.settings.js';
import { switchProtocols, upgradeOf } from './upgrade.js';

@Controller()
class LinesController {
  /** Repeats what comes, from the first byte to the last. */
  @Get('echo/:name')
  @RouteSettings({ takesUpgrade: true })
  echo(@Param('name') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const upgrade = upgradeOf(request);
    if (upgrade === undefined) throw new ProblemError('conflict', 'No upgrade was asked for.');
    if (name === 'none') throw new ProblemError('sandbox_not_found', 'There is none.');
    const socket = switchProtocols(reply, upgrade, { 'x-a': ['1', '2'] });
    socket.pipe(socket);
  }

  @Post('ordinary')
  @HttpCode(200)
  ordinary(@Req() request: FastifyRequest): object {
    return { body: request.body };
  }
}

@Module({ controllers: [LinesController] })
class LinesModule {}

const UPGRADE = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';

let app: NestFastifyApplication;
let port: number;
let open: number;

beforeEach(async () => {
  open = 0;
  const adapter = new HttpAdapter();
  app = await NestFactory.create<NestFastifyApplication>(LinesModule, adapter, { bodyParser: false, logger: false });
  app.useGlobalFilters(new ProblemFilter());
  adapter.getInstance<FastifyInstance>().addHook('onRequest', (request, reply, done) => {
    open += 1;
    reply.raw.once('close', () => (open -= 1));
    done(request.headers.authorization === undefined ? undefined : new ProblemError('unauthenticated', 'Who are you?'));
  });
  await app.listen(0, '127.0.0.1');
  port = Number(new URL(await app.getUrl()).port);
});
afterEach(() => app.close());

async function say(text: string): Promise<{ socket: Socket; got: () => string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  let got = '';
  socket.on('data', (chunk) => (got += String(chunk))).on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  return { socket, got: () => got };
}

describe('a request for an upgrade', () => {
  it('goes over to the other protocol with what came right behind it, and ends as its two sides end', async () => {
    const { socket, got } = await say(`GET /echo/a?b HTTP/1.1\r\n${UPGRADE}\r\nfirst `);
    await waitFor('the 101', got, /first $/);
    expect(got()).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n(?=[^]*x-a: 1\r\nx-a: 2\r\n)[^]*\r\n\r\nfirst $/);
    expect(open).toBe(1);
    socket.end('last');
    await once(socket, 'close');
    expect(got()).toMatch(/first last$/);
    await waitFor('it is over', () => open, 0);
  });

  it.each([
    ['a hook', '/echo/a', 'Authorization: a\r\n', 401],
    ['its handler', '/echo/none', '', 404],
  ])('is refused by %s with a problem document, and the connection ends', async (_, path, header, status) => {
    const { socket, got } = await say(`GET ${path} HTTP/1.1\r\n${UPGRADE}${header}\r\n`);
    await once(socket, 'end');
    expect(got()).toMatch(
      new RegExp(`^HTTP/1\\.1 ${status} (?=[^]*application/problem\\+json)[^]*connection: close`, 'i'),
    );
    socket.end();
    await waitFor('it is over', () => open, 0);
  });

  it.each([
    ['another route', 'POST /ordinary', 'Upgrade: websocket\r\n', 200, '"body":\\{"a":1\\}'],
    ['another protocol', 'POST /ordinary', 'Upgrade: h2c\r\n', 200, '"body":\\{"a":1\\}'],
    ['another protocol where one is taken', 'GET /echo/a', 'Upgrade: h2c\r\n', 409, 'No upgrade was asked for'],
    ['no route', 'GET /nowhere', 'Upgrade: websocket\r\n', 404, 'route_not_found'],
  ])('is served as if it were none: %s', async (_, line, header, status, answer) => {
    const { socket, got } = await say(
      `${line} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n${header}Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{"a":1}`,
    );
    await waitFor('the answer', got, new RegExp(`^HTTP/1\\.1 ${status} [^]*${answer}`));
    socket.destroy();
  });

  it('is ended with the server', async () => {
    const { socket, got } = await say(`GET /echo/a HTTP/1.1\r\n${UPGRADE}\r\n`);
    await waitFor('the 101', got, /\r\n\r\n$/);
    const ended = once(socket, 'end');
    await app.close();
    await ended;
    socket.end();
  });
});
