import type { Context } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';

/** The most spans that wait for a collector, those on their way included: some 4 MB. What ends beyond that is dropped. */
export const QUEUE_MAX = 4_096;

/** What has become of spans. */
export type SpanOutcome = 'exported' | 'dropped' | 'failed';

export interface SpanQueueOptions {
  /** Milliseconds for which spans are gathered. */
  gatherMs: number;
  exporter: SpanExporter;
  /** Hears of each batch; `dropped` are those for which there was no room. */
  onOutcome: (outcome: SpanOutcome, count: number) => void;
  /** Hears of the first batch in a row that the collector did not take, and of the first that it took again. */
  onFailure: (error: Error | undefined) => void;
  onRecovery: () => void;
}

/**
 * Spans on their way to the collector, in batches. However long that is away, and however many spans there are, nothing here waits for it:
 * what it does not take in time is lost, and counted. The library's own processor is bounded too, but tells nobody what it drops.
 */
export class SpanQueue implements SpanProcessor {
  private readonly batches: BatchSpanProcessor;
  private waiting = 0;
  private hasFailed = false;

  constructor(private readonly options: SpanQueueOptions) {
    const { exporter, gatherMs } = options;
    const counted: SpanExporter = {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.settle(spans.length, result);
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
    this.batches = new BatchSpanProcessor({
      exporter: counted,
      maxQueueSize: QUEUE_MAX,
      scheduledDelayMillis: gatherMs,
    });
  }

  onStart(span: Span, parent: Context): void {
    this.batches.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    if (this.waiting >= QUEUE_MAX) {
      this.options.onOutcome('dropped', 1);
      return;
    }
    this.waiting += 1;
    this.batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.batches.shutdown();
  }

  private settle(count: number, { code, error }: ExportResult): void {
    const { onOutcome, onFailure, onRecovery } = this.options;
    const hasFailed = code !== ExportResultCode.SUCCESS;
    this.waiting -= count;
    onOutcome(hasFailed ? 'failed' : 'exported', count);
    if (hasFailed && !this.hasFailed) onFailure(error);
    if (!hasFailed && this.hasFailed) onRecovery();
    this.hasFailed = hasFailed;
  }
}
