import { authorityOfTarget, guardShutdown, sendProblem, upgradeOf } from '@warmbox/http';
import { ProblemError, type Shutdown } from '@warmbox/platform';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ManagerOptions } from '../config/manager.options.js';
import { AllowedHosts, hostOf, isAddress } from './allowed.hosts.js';
import type { Authentication } from './authentication.js';
import { checkRoute, needOf } from './operation.js';
import { scopesOf, type Scope } from './policy.js';
import { portHostOf } from './port.hosts.js';
import { isAllowed, type Principal } from './principal.js';

/**
 * What every request passes before anything of it is looked at: its host, the shutdown, who asks, and whether that
 * principal may. As hooks, not as Nest guards, because they also stand before what matches no route: a stranger is not told which
 * routes there are. Routes that are added later and do not say what they need are refused.
 */
export function guardRequests(
  fastify: FastifyInstance,
  options: ManagerOptions,
  shutdown: Shutdown,
  authentication: Authentication,
): void {
  fastify.decorateRequest('principal');
  fastify.addHook('onRoute', checkRoute);
  const hosts = new AllowedHosts(options.allowedHosts);
  fastify.addHook('onRequest', (request, reply, done) => {
    const { host } = request.raw.headers;
    // A kubelet's probe names the pod's address; no web page can point a name of its own at an answer by pretending that.
    const isServed = hosts.allows(host, authorityOfTarget(request.raw)) || (isProbe(request) && isAddress(host));
    if (isServed || portHostOf(request.raw) !== undefined) done();
    else sendProblem(reply, hostNotAllowed(host), request.id);
  });
  fastify.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.raw.headers;
    // A browser lets any page open a WebSocket anywhere: only the server can say whose it may be. Others send no Origin.
    if (upgradeOf(request) === undefined || origin === undefined || isOwn(origin, request, hosts)) done();
    else sendProblem(reply, originNotAllowed(origin), request.id);
  });
  guardShutdown(fastify, shutdown, isProbe);
  fastify.addHook('onRequest', (request, reply, done) => {
    request.principal = authentication.principalOf(request);
    const problem = isOpen(request) ? undefined : obstacleOf(request, authentication);
    if (problem === undefined) done();
    else sendProblem(reply, problem, request.id);
  });
}

/** Why a request is not for who asks. */
function obstacleOf(request: FastifyRequest, authentication: Authentication): ProblemError | undefined {
  const { principal } = request;
  if (principal === undefined) return authentication.refuse(request);
  const need = needOf(request);
  const lacking = need === undefined ? undefined : scopesOf(need).find((scope) => !isAllowed(principal, scope));
  return lacking && forbidden(principal, lacking);
}

function isProbe(request: FastifyRequest): boolean {
  return needOf(request) === 'probe';
}

/** Whether anybody may ask. */
function isOpen(request: FastifyRequest): boolean {
  return isProbe(request) || needOf(request) === 'public';
}

function forbidden({ id }: Principal, scope: Scope): ProblemError {
  return new ProblemError('forbidden', `This needs the scope ${scope}, which ${JSON.stringify(id)} does not have.`);
}

/** Whether a page of this origin may open a WebSocket: at a sandbox's own host only its own pages, and those that are listed. */
function isOwn(origin: string, { raw }: FastifyRequest, hosts: AllowedHosts): boolean {
  const authority = authorityOf(origin);
  const portHost = portHostOf(raw);
  if (portHost === undefined) return hosts.allows(authority, undefined);
  return hostOf(authority) === portHost.host || hosts.lists(authority);
}

/** The authority of an origin (`https://host:port`); empty where it is none, as the `null` of a page without one. */
function authorityOf(origin: string): string {
  return /^https?:\/\/([^/?#]+)$/i.exec(origin)?.[1] ?? '';
}

function originNotAllowed(origin: string): ProblemError {
  return new ProblemError(
    'host_not_allowed',
    `A page of ${JSON.stringify(origin)} may open no WebSocket here; the option allowedHosts lists whose may.`,
  );
}

function hostNotAllowed(host: string | undefined): ProblemError {
  return new ProblemError(
    'host_not_allowed',
    `The host ${JSON.stringify(host ?? '')} is not served here; the option allowedHosts lists those that are.`,
  );
}
