import { STATUS_CODES, ServerResponse, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { HEADER } from '@warmbox/contracts';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route takes a WebSocket's upgrade; `@RouteSettings({ takesUpgrade: true })`. Others answer as if it had not been asked for. */
    takesUpgrade?: boolean;
  }
}

/** The only protocol that a connection here may go over to. */
const PROTOCOL = 'websocket';

/** A connection that is to speak another protocol from here on. */
export interface Upgrade {
  socket: Socket;
  /** What came right behind the request. */
  head: Buffer;
}

const upgrades = new WeakMap<IncomingMessage, Upgrade>();

/** The upgrade that a request asks for, on a route that takes one. */
export function upgradeOf(request: FastifyRequest): Upgrade | undefined {
  return upgrades.get(request.raw);
}

export function wantsUpgrade({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.trim().toLowerCase() === PROTOCOL;
}

/**
 * Lets requests for an upgrade pass all that other requests pass: hooks, guards, the handler. Until a handler goes over to the other
 * protocol they are requests like any other, and every refusal is an ordinary answer, the connection's last.
 */
export function serveUpgrades(fastify: FastifyInstance): void {
  const { server } = fastify;
  const open = new Set<Socket>();
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.once('finish', () => socket.destroySoon());
    socket.on('drain', () => response.emit('drain'));
    // 'close' follows, and ends the response.
    socket.on('error', () => undefined);
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    upgrades.set(request, { socket, head });
    server.emit('request', request, response);
  });
  // The server does not count them among its own any more, but would wait for them.
  fastify.addHook('preClose', (done) => {
    for (const socket of open) socket.destroy();
    done();
  });
}

/**
 * Goes over to the other protocol: writes the 101, and hands over the connection, on which what has come already comes first. The
 * response stays open as long as the connection is, for all who count requests.
 */
export function switchProtocols(
  reply: FastifyReply,
  { socket, head }: Upgrade,
  headers: Readonly<Record<string, string | string[]>>,
): Socket {
  reply.hijack();
  const all = { connection: 'Upgrade', upgrade: PROTOCOL, [HEADER.requestId]: reply.request.id, ...headers };
  const lines = Object.entries(all).flatMap(([name, value]) => [value].flat().map((each) => `${name}: ${each}\r\n`));
  socket.write(`HTTP/1.1 101 ${STATUS_CODES[101] ?? ''}\r\n${lines.join('')}\r\n`, 'latin1');
  if (head.length > 0) socket.unshift(head);
  return socket;
}
