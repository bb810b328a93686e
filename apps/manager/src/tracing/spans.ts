import {
  context,
  INVALID_SPAN_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
} from '@opentelemetry/api';
import { ProblemError, type TraceContext } from '@warmbox/platform';

/** Who makes our spans: OpenTelemetry's API, which makes none unless tracing is configured (tracing.module.ts). */
export const tracer = trace.getTracer('warmbox');

/** Stands for a span where none is recorded; whatever is said to it is forgotten. */
const UNRECORDED = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Names of what our spans tell beside OpenTelemetry's own attributes; docs/traces.md lists all. No secret is among them. */
export const ATTRIBUTE = {
  requestId: 'warmbox.request.id',
  runtime: 'warmbox.runtime',
  sandbox: 'warmbox.sandbox',
  tenant: 'warmbox.tenant',
} as const;

export { SpanKind, SpanStatusCode, type Span };

/**
 * A part of the work that is under way here. What no request has begun has no part in a trace: the passes, the watch and the leader would
 * otherwise make one for each of their requests. Whoever gets it ends it.
 */
export function beginSpan(name: string, attributes: Attributes, kind = SpanKind.INTERNAL): Span {
  return isTraced() ? tracer.startSpan(name, { kind, attributes }) : UNRECORDED;
}

/** Does work as a part of what is under way here: what it does in turn is a part of that. It ends with the work, well or badly. */
export function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return isTraced() ? recorded(name, attributes, work) : work(UNRECORDED);
}

async function recorded<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const span = tracer.startSpan(name, { attributes });
  try {
    return await context.with(trace.setSpan(context.active(), span), work, undefined, span);
  } catch (error) {
    fail(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Says that it ended badly: by the code that a client would be told, never by words, which may quote what is nobody's business. */
export function fail(span: Span, error: unknown): void {
  const type = error instanceof ProblemError ? error.code : error instanceof Error ? error.name : 'unknown';
  span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
}

/** Whether what happens here is recorded. */
function isTraced(): boolean {
  return trace.getActiveSpan()?.isRecording() ?? false;
}

/** What tells another server which span its work is part of; undefined where the span is in no trace. */
export function traceContextOfSpan(span: Span): TraceContext | undefined {
  const spanContext = span.spanContext();
  if (!trace.isSpanContextValid(spanContext)) return undefined;
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
  const tracestate = traceState?.serialize() ?? '';
  return { traceparent, ...(tracestate === '' ? {} : { tracestate }) };
}
