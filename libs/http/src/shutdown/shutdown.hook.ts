import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError, type Shutdown } from '@warmbox/platform';
import { sendProblem } from '../problem/send.problem.js';

/**
 * Counts requests for the shutdown. While it drains, every answer asks for the connection's end; once it refuses, new work is
 * 503 `shutting_down`, except where `isExempt` (probes: a process that ends is alive).
 */
export function guardShutdown(
  fastify: FastifyInstance,
  shutdown: Shutdown,
  isExempt: (request: FastifyRequest) => boolean,
): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.raw.once('close', shutdown.entered());
    if (shutdown.phase !== 'serving') reply.raw.setHeader('connection', 'close');
    if (shutdown.phase === 'refusing' && !isExempt(request)) refuse(request, reply);
    else done();
  });
}

function refuse(request: FastifyRequest, reply: FastifyReply): void {
  sendProblem(
    reply,
    new ProblemError('shutting_down', 'This server shuts down and takes no new work: ask again, another one answers.'),
    request.id,
  );
}
