import { nameOf, type Pod } from '@warmbox/sandbox';
import { onceOver } from '../http/answer.js';
import { ATTRIBUTE, beginSpan, fail, SpanKind, traceContextOfSpan, type Span } from '../tracing/spans.js';
import type { ExecutorAnswer } from './executor.answer.js';
import type { ExecutorRequest } from './executor.client.js';

/** A request to an executor, and who hears what becomes of it. */
export interface TracedRequest<Request> {
  /** With the headers that tell the executor which span it is part of; as it was where nothing is recorded. */
  outgoing: Request;
  onAnswer: (answer: ExecutorAnswer) => void;
  onFailure: (error: unknown) => void;
}

/** Makes a span of the request, which ends with its answer's body; of one that is part of a span of its caller's none. */
export function traceExecutorRequest<Request extends ExecutorRequest>(
  pod: Pod,
  request: Request,
): TracedRequest<Request> {
  const { method, span: whose } = request;
  if (whose !== undefined)
    return { outgoing: withContext(request, whose), onAnswer: () => undefined, onFailure: () => undefined };
  const attributes = { 'http.request.method': method, [ATTRIBUTE.sandbox]: nameOf(pod) };
  const span = beginSpan(`executor ${method} ${kindOf(request.path)}`, attributes, SpanKind.CLIENT);
  return {
    outgoing: withContext(request, span),
    onAnswer: ({ status, body }) => {
      span.setAttribute('http.response.status_code', status);
      onceOver(body, () => span.end());
    },
    onFailure: (error) => {
      fail(span, error);
      span.end();
    },
  };
}

function withContext<Request extends ExecutorRequest>(request: Request, span: Span): Request {
  const traceContext = traceContextOfSpan(span);
  return traceContext === undefined ? request : { ...request, headers: { ...request.headers, ...traceContext } };
}

/** `/api/executions` of `/api/executions/x7f3/events`: what follows names one thing of many, or is a guest's server's own path. */
function kindOf(path: string): string {
  return /^\/\w+(\/\w+)?/.exec(path)?.[0] ?? '';
}
