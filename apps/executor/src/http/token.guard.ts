import { bearerOf, ProblemError, sameSecret } from '@warmbox/platform';
import { sendProblem } from '@warmbox/http';
import type { FastifyInstance } from 'fastify';

/** Routes that need no token: the kubelet asks for health without one. */
const OPEN = new Set(['/healthz']);

/** Lets nobody in without the token; whether a route exists is told to those who have it. */
export function guardByToken(fastify: FastifyInstance, token: string): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions;
    const bearer = bearerOf(request.headers.authorization);
    if ((url !== undefined && OPEN.has(url)) || (bearer !== undefined && sameSecret(bearer, token))) {
      done();
      return;
    }
    const problem = new ProblemError(
      'unauthenticated',
      'The header "Authorization: Bearer" must carry the executor token.',
      {
        headers: { 'www-authenticate': 'Bearer' },
      },
    );
    sendProblem(reply, problem, request.id);
  });
}
