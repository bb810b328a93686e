import { Counter, type Registry } from 'prom-client';
import type { SpanOutcome } from './span.queue.js';

const OUTCOMES: readonly SpanOutcome[] = ['exported', 'dropped', 'failed'];

/** What this manager measures of its traces. */
export class TracingMetrics {
  readonly spans: Counter<'outcome'>;

  constructor(registry: Registry) {
    this.spans = new Counter({
      name: 'warmbox_trace_spans_total',
      help: 'Spans by what has become of them: "exported" to the collector, "failed" where it did not take them, "dropped" where too many waited for it.',
      labelNames: ['outcome'],
      registers: [registry],
    });
    // A rate counts nothing of a series that begins with its first event.
    for (const outcome of OUTCOMES) this.spans.inc({ outcome }, 0);
  }
}
