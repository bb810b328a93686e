import { authorityOfTarget, guardShutdown, sendProblem } from '@warmbox/http';
import { ProblemError, type Shutdown } from '@warmbox/platform';
import type { FastifyInstance } from 'fastify';
import type { ManagerOptions } from '../config/manager.options.js';
import { AllowedHosts, isAddress } from './allowed.hosts.js';
import type { Authentication } from './authentication.js';
import { isProbe, isPublic } from './public.js';

/**
 * What every request passes before anything of it is looked at: its host, the shutdown, its API key. As hooks, not as Nest
 * guards, because they also stand before what matches no route: a stranger is not told which routes there are.
 */
export function guardRequests(
  fastify: FastifyInstance,
  options: ManagerOptions,
  shutdown: Shutdown,
  authentication: Authentication,
): void {
  fastify.decorateRequest('principal');
  const hosts = new AllowedHosts(options.allowedHosts);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { host } = request.raw.headers;
    // A kubelet's probe names the pod's address; no web page can point a name of its own at an answer by pretending that.
    if (hosts.allows(host, authorityOfTarget(request.raw)) || (isProbe(request) && isAddress(host))) done();
    else sendProblem(reply, hostNotAllowed(host), request.id);
  });
  guardShutdown(fastify, shutdown, isProbe);
  fastify.addHook('onRequest', (request, reply, done) => {
    request.principal = authentication.principalOf(request);
    if (isPublic(request) || request.principal !== undefined) done();
    else sendProblem(reply, authentication.refuse(request), request.id);
  });
}

function hostNotAllowed(host: string | undefined): ProblemError {
  return new ProblemError(
    'host_not_allowed',
    `The host ${JSON.stringify(host ?? '')} is not served here; the option allowedHosts lists those that are.`,
  );
}
