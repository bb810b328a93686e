import { context, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api';
import { logWith, sentProblemOf } from '@warmbox/http';
import { traceContextOf, traceIdOf, type TraceContext } from '@warmbox/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ATTRIBUTE, SpanKind, traceContextOfSpan, tracer, type Span } from '../tracing/spans.js';
import type { Tracing } from '../tracing/tracing.module.js';
import { POLICY, type OperationId } from './policy.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Its own span; absent where tracing is off, and for what is not traced. */
    span?: Span;
  }
}

/** Asked again and again by machines, which would drown what else there is. */
function isTraced(operation: OperationId | undefined): operation is OperationId {
  return operation !== undefined && POLICY[operation] !== 'probe' && POLICY[operation] !== 'metrics';
}

/**
 * Makes a span of every request, named by its operation, in the client's trace where it has sent one: what the request causes is part of it. It
 * ends when the whole answer is out, a stream's with the stream. The log's lines of the request have the trace's id; where tracing is
 * off, that of the client.
 */
export function traceRequests(fastify: FastifyInstance, tracing: Pick<Tracing, 'isOn' | 'within'>): void {
  fastify.decorateRequest('span');
  if (tracing.isOn) {
    fastify.addHook('onRequest', (request, reply, done) => {
      const { operation } = request.routeOptions.config;
      if (request.is404 || !isTraced(operation)) {
        done();
        return;
      }
      const known = traceContextOf(request.headers);
      const caused = known === undefined ? ROOT_CONTEXT : tracing.within(known);
      const span = tracer.startSpan(operation, { kind: SpanKind.SERVER, attributes: beginningOf(request) }, caused);
      request.span = span;
      reply.raw.once('close', () => end(span, request, reply));
      context.with(trace.setSpan(caused, span), done);
    });
  }
  fastify.addHook('preHandler', (request, _reply, done) => {
    const traceContext = traceOf(request);
    if (traceContext !== undefined) logWith({ trace_id: traceIdOf(traceContext) });
    done();
  });
}

/** The trace that the request is part of, for who is asked on its behalf: its own span, or what the client has sent. */
export function traceOf({ span, headers }: FastifyRequest): TraceContext | undefined {
  return span === undefined ? traceContextOf(headers) : traceContextOfSpan(span);
}

/** Neither path nor query: what stands there may be a key of a server in a sandbox. */
function beginningOf(request: FastifyRequest): Record<string, string> {
  const { runtime, name } = request.params as { runtime?: string; name?: string };
  const { protocol, raw, routeOptions, method } = request;
  return {
    'http.request.method': method,
    'http.route': routeOptions.url ?? '',
    'url.scheme': protocol,
    'network.protocol.version': raw.httpVersion,
    [ATTRIBUTE.requestId]: request.id,
    ...(runtime === undefined ? {} : { [ATTRIBUTE.runtime]: runtime }),
    ...(name === undefined ? {} : { [ATTRIBUTE.sandbox]: name }),
  };
}

function end(span: Span, { principal }: FastifyRequest, { raw }: FastifyReply): void {
  if (principal !== undefined) span.setAttribute(ATTRIBUTE.tenant, principal.tenant);
  const problem = sentProblemOf(raw);
  if (problem !== undefined) span.setAttribute('error.type', problem);
  if (raw.headersSent) span.setAttribute('http.response.status_code', raw.statusCode);
  // Not so where the connection was handed over: that ends without an end of the response.
  if (!raw.writableFinished && raw.headersSent) span.setAttribute('warmbox.broken_off', true);
  if (raw.headersSent && raw.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
