import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { upgradeOf } from './upgrade/upgrade.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Whether a client that has shut its sending side still gets its answer; `@RouteSettings({ answersHalfClosed: true })`. For what is
     * not undone when its client leaves: elsewhere that is how nearly every leaving looks.
     */
    answersHalfClosed?: boolean;
  }
}

/**
 * Decides by route what it means that a client sends no more. Node can only do the same for all: without `httpAllowHalfOpen` it
 * closes the connection at once, and an answer that is not ready yet never comes.
 */
export function decideHalfClose(fastify: FastifyInstance): void {
  /** Connections whose latest request is to be answered in any case. */
  const answered = new WeakSet<Socket>();
  const server = fastify.server as Server & { httpAllowHalfOpen: boolean };
  server.httpAllowHalfOpen = true;
  server.on('connection', (socket: Socket) => {
    socket.once('end', () => {
      if (!answered.has(socket)) socket.end();
    });
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { socket } = request.raw;
    const isOpen = request.routeOptions.config.answersHalfClosed === true || upgradeOf(request) !== undefined;
    if (isOpen) answered.add(socket);
    else answered.delete(socket);
    done();
  });
}
