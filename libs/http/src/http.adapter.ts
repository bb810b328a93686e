import { HEADER } from '@warmbox/contracts';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '@warmbox/platform';
import { sendProblem } from './problem/send.problem.js';
import { answerConstraint } from './answer.constraint.js';
import { BodyBudget } from './body/body.budget.js';
import { acceptJsonOnly } from './body/json.body.js';
import { limitArrival } from './body/arrival.limit.js';
import { continueLate } from './body/late.continue.js';
import { passRawBodies, rawBodyOf } from './body/raw.body.js';
import { decideHalfClose } from './half.close.js';
import { unknownHeader } from './known.headers.js';
import { answerClientError, answerError } from './problem/problem.fastify.js';
import { queryOf } from './query.bytes.js';
import { requestIdOf } from './request-id.js';
import { pathOfTarget } from './request.target.js';
import { RouteTable } from './route.table.js';
import { serveUpgrades, wantsUpgrade } from './upgrade/upgrade.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Bytes that a body of this route may have; `@RouteSettings({ bodyLimit })`. */
    bodyLimit?: number;
  }
}

export interface HttpAdapterOptions {
  /** Bytes of a body, where a route says nothing else with `@RouteSettings({ bodyLimit })` (1 MiB). */
  bodyLimit?: number;
  /** Bytes of all bodies that are held at the same time; beyond them a request is 503 `overloaded` (64 MiB). */
  bodyBudget?: number;
  /** Milliseconds within which a request must have come with all of its body, where its route does not read that as it comes (120,000). */
  arrivalMs?: number;
  /** The method and path that take `Last-Event-ID`, for whom sends it elsewhere. */
  eventsRoute?: string;
  /** Where a request goes that its path alone does not say; it gets the path and query that were asked for (to these). */
  rewrite?: (request: IncomingMessage, path: string) => string;
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed (none). */
  trustedProxies?: string[];
}

/** Bytes of the request line and all headers together. */
const HEAD_LIMIT = 32 * 1024;

/** Of every answer that says nothing else: what is told to who has a key is kept by nobody on the way, and is what it says it is. */
const HEADERS: readonly [name: string, value: string][] = [
  ['x-content-type-options', 'nosniff'],
  ['cache-control', 'no-store'],
];

/**
 * Nest on Fastify, with what every answer of ours has: an `X-Request-Id`, and errors as problem documents, whoever notices
 * them (Node's parser, the router, a body parser, a hook, a handler). Bodies are JSON and nothing else, which also keeps out
 * what a browser may send across origins without asking. The limits of time are on the request's arrival only: an answer may
 * stream for hours.
 *
 * Use it with `NestFactory.create(Module, new HttpAdapter(), { bodyParser: false })`, or Nest adds parsers of its own.
 */
export class HttpAdapter extends FastifyAdapter {
  readonly routes = new RouteTable();

  constructor({
    bodyLimit = 1024 * 1024,
    bodyBudget,
    arrivalMs,
    eventsRoute = 'a GET',
    rewrite = (_request, path) => path,
    trustedProxies = [],
  }: HttpAdapterOptions = {}) {
    const upgrades = new RouteTable();
    const routedAs = (request: IncomingMessage): string => rewrite(request, pathOfTarget(request));
    super({
      bodyLimit,
      trustProxy: trustedProxies.length > 0 && trustedProxies,
      genReqId: requestIdOf,
      forceCloseConnections: true,
      return503OnClosing: false,
      // A request's own time is limitArrival's, since bodies may stream for hours; 0 for the connection, which idles while commands
      // are silent.
      requestTimeout: 0,
      connectionTimeout: 0,
      // Longer than the minute after which load balancers usually drop an idle connection, so that they never use a closed one.
      keepAliveTimeout: 75_000,
      http: {
        maxHeaderSize: HEAD_LIMIT,
        headersTimeout: 30_000,
        requireHostHeader: false,
        // Any other request for an upgrade is served as if it were none.
        shouldUpgradeCallback: (request) => wantsUpgrade(request) && upgrades.has('GET', routedAs(request)),
      },
      routerOptions: { constraints: answerConstraint, maxParamLength: HEAD_LIMIT, ignoreTrailingSlash: true },
      rewriteUrl: routedAs,
      clientErrorHandler: answerClientError,
      frameworkErrors: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
        for (const [name, value] of HEADERS) reply.raw.setHeader(name, value);
        reply.raw.setHeader(HEADER.requestId, request.id);
        answerError(error, request, reply);
      },
    });
    const fastify = this.getInstance<FastifyInstance>();
    decideHalfClose(fastify);
    serveUpgrades(fastify);
    continueLate(fastify.server);
    fastify.server.prependListener('request', (request) => limitArrival(request, arrivalMs));
    // Node would answer these by itself, bare; an expectation that nobody knows may be passed over (RFC 9110 §10.1.1).
    fastify.server.on('checkExpectation', (request, response) => fastify.server.emit('request', request, response));
    fastify.server.on('connect', (_request, socket) => {
      answerClientError(Object.assign(new Error('CONNECT'), { code: 'CONNECT' }), socket as Socket);
    });
    fastify.addHook('onRoute', (route) => {
      this.routes.add(route.method, route.url);
      // The router drops a slash at the end of a path, and with it what a wildcard would match there.
      if (route.url.endsWith('/*')) fastify.route({ ...route, url: route.url.slice(0, -2), exposeHeadRoute: false });
      if (route.config?.takesUpgrade === true) upgrades.add(route.method, route.url);
      const limit = route.config?.bodyLimit;
      if (limit !== undefined) route.bodyLimit = limit;
    });
    fastify.addHook('onRequest', (request, reply, done) => {
      // On the raw response, where streams that write for themselves keep it.
      for (const [name, value] of HEADERS) reply.raw.setHeader(name, value);
      reply.raw.setHeader(HEADER.requestId, request.id);
      done(named(request.raw));
    });
    fastify.addHook('onRequest', (request, _reply, done) => done(wellFormed(request)));
    // After all that decides who may know what there is.
    fastify.addHook('preParsing', (request, _reply, payload, done) => {
      const isEncoded = rawBodyOf(request) === undefined;
      done(
        unknownHeader(request, eventsRoute) ?? (isEncoded ? uncompressed(request.headers['content-encoding']) : null),
        payload,
      );
    });
    passRawBodies(fastify);
    acceptJsonOnly(fastify, new BodyBudget(bodyBudget));
    const noRoute = (request: FastifyRequest, reply: FastifyReply): FastifyReply =>
      sendProblem(
        reply,
        this.routes.problemOf(request.method, request.raw.url ?? '/', request.originalUrl),
        request.id,
      );
    // A body that is wrong as well does not matter where there is no route to take it.
    fastify.setErrorHandler((error, request, reply) =>
      request.is404 ? noRoute(request, reply) : answerError(error, request, reply),
    );
    fastify.setNotFoundHandler(noRoute);
  }

  /** A route's `*path` has a name for the document; for Fastify it has none. */
  override normalizePath(path: string): string {
    return path.replace(/\/\*\w+$/, '/*');
  }

  /** Nest's own would hand over an error without its cause; ours stays. */
  override setErrorHandler(): FastifyInstance {
    return this.getInstance();
  }

  /** Nest's own knows no 405 and no 406; ours stays. */
  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance();
  }
}

/** Node would refuse a request without Host by itself, but not with a problem document. */
function named({ httpVersion, rawHeaders }: IncomingMessage): ProblemError | undefined {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts === 1 || (hosts === 0 && httpVersion === '1.0')) return undefined;
  return new ProblemError('invalid_request', `The request has ${hosts === 0 ? 'no' : 'more than one'} Host header.`, {
    errors: [{ pointer: 'host', detail: 'must be there exactly once (RFC 9112 §3.2)' }],
  });
}

/** The router has decoded the path; of a query it would take what is no escape, or no UTF-8, as it stands. */
function wellFormed({ raw, is404, routeOptions }: FastifyRequest): ProblemError | undefined {
  const { url: target = '' } = raw;
  const query = queryOf(target);
  const takesBytes = !is404 && routeOptions.config.queryOfBytes === true;
  const of = takesBytes ? 'a byte' : 'a UTF-8 byte sequence';
  const detail = `must be ASCII, with every percent sign beginning an escape of ${of} (RFC 3986 §2.1)`;
  const isEscaped = takesBytes ? !/%(?![0-9a-f]{2})/i.test(query) : isText(query);
  if (isEscaped && /^[!-~]*$/.test(target)) return undefined;
  return new ProblemError('invalid_request', `The URL ${detail}.`, { errors: [{ pointer: 'url', detail }] });
}

function isText(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}

function uncompressed(encoding: string | undefined): ProblemError | null {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return null;
  return new ProblemError('unsupported_media_type', `The body must not be encoded (${JSON.stringify(encoding)}).`, {
    headers: { 'accept-encoding': 'identity' },
  });
}
