import type { RequestObserver } from '@warmbox/kube';
import { beginSpan, SpanKind, SpanStatusCode } from '../tracing/spans.js';

/** Makes a span of each request to the Kubernetes API that a client's request causes, its time in the queue of the connections included. */
export const traceKubeRequest: RequestObserver = (verb, plural) => {
  const span = beginSpan(
    `kubernetes ${verb} ${plural}`,
    { 'rpc.system': 'kubernetes', 'rpc.method': verb },
    SpanKind.CLIENT,
  );
  return (status, seconds) => {
    if (status !== undefined) span.setAttribute('http.response.status_code', status);
    if (status === undefined || status >= 400) {
      const type = status?.toString() ?? (seconds === undefined ? 'not_sent' : 'no_answer');
      span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end();
  };
};
