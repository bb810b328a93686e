import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { OptionsError } from '@warmbox/platform/options';
import type { FastifyInstance } from 'fastify';
import type { ExecutorOptions } from '../config/executor.options.js';

/** Connections that wait for being accepted: Node's own number. */
const BACKLOG = 511;

/**
 * Listens where the options say.
 *
 * @returns where that is, for people.
 * @throws OptionsError where the descriptor is not one that can be listened on, else the system's error.
 */
export async function listen(app: NestFastifyApplication, options: Readonly<ExecutorOptions>): Promise<string> {
  const { socket, socketFd, port, host } = options;
  if (socketFd !== undefined) {
    await listenOnDescriptor(app, socketFd);
    return `descriptor ${socketFd}`;
  }
  await (socket === undefined ? app.listen(port, host) : app.listen(socket));
  return socket ?? urlOf(app.getHttpServer());
}

/** Nest's own way to it loads Node's TLS, to see whether that is spoken. */
function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

/**
 * Fastify cannot: it asks the server for its address, and one on a descriptor has none. What it does where it has listened
 * itself, to close the connections that are open at the end, is done here.
 */
async function listenOnDescriptor(app: NestFastifyApplication, fd: number): Promise<void> {
  const fastify: FastifyInstance = app.getHttpAdapter().getInstance();
  const server: Server = fastify.server;
  fastify.addHook('preClose', (done) => {
    server.closeAllConnections();
    done();
  });
  await app.init();
  await fastify.ready();
  try {
    server.listen({ fd, backlog: BACKLOG });
    await once(server, 'listening');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const rule = `must be the descriptor of a socket that can be listened on (${code === '' ? message : code})`;
    throw new OptionsError([{ key: 'socketFd', value: fd, rule }]);
  }
}
