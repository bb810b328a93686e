import { toProblem, type Clock, type ProblemError, type StreamMedia } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { ATTRIBUTE, beginSpan, fail, type Span } from '../tracing/spans.js';
import { completionAtHead, completionIn, type Completion } from './completed.event.js';
import type { RelayObserver } from './event.relay.js';
import type { ExecutionMetrics, ExecutionOutcome } from './execution.metrics.js';

const COLON = 0x3a;
const LINE_FEED = 0x0a;

/**
 * One execution that is begun through this manager, from its request to what is seen of its end: measured, and told as the span of the
 * executor. The executor itself sends no spans, since it stands beside code that nobody trusts and mostly reaches nobody: it is told the
 * span's id, which it gives to the command, and what it did is read from its stream (docs/decisions/0024-spans-of-executors.md).
 * The command, its output and its variables are in none of it.
 */
export class ExecutionWatch {
  /** What the executor's request is told to be part of. */
  readonly span: Span;
  private readonly beganAt: number;
  private isOver = false;

  constructor(
    pod: Pod,
    private readonly metrics: ExecutionMetrics,
    private readonly clock: Clock,
  ) {
    this.span = beginSpan('execution', { [ATTRIBUTE.sandbox]: nameOf(pod) });
    this.beganAt = clock.monotonic();
  }

  /** The executor has begun it. */
  began(executionId: string): void {
    this.span.setAttribute('warmbox.execution.id', executionId);
  }

  /** Sees its stream. */
  ofStream(media: StreamMedia): RelayObserver {
    let last: Buffer | undefined;
    let hasSpoken = false;
    return {
      passes: (piece) => {
        last = piece;
        if (hasSpoken || piece[0] === COLON || piece[0] === LINE_FEED) return;
        hasSpoken = true;
        this.metrics.firstByte.observe(this.seconds());
        this.span.addEvent('first event');
      },
      ends: () => this.ended(last === undefined ? undefined : completionIn(last, media)),
      loses: (problem) => this.lost(problem),
    };
  }

  /** Its result has come, and begins with this. */
  answered(head: Buffer): void {
    this.ended(completionAtHead(head));
  }

  /** There is no execution, or nobody knows whether there is one. */
  refused(error: unknown): void {
    const { code, status } = toProblem(error);
    if (code === 'cannot_start') this.over('failed_to_start', error);
    else this.over(status >= 500 ? 'lost' : 'refused', error);
  }

  lost(problem: ProblemError): void {
    this.over('lost', problem);
  }

  /** Its client has left. */
  left(): void {
    this.over('left');
  }

  /** It runs on, without anybody who follows it. */
  detached(): void {
    this.over('detached');
  }

  private ended(completion: Completion | undefined): void {
    if (completion === undefined) {
      this.over('lost');
      return;
    }
    if (this.isOver) return;
    const { pid, exitCode, signal, durationMs, bytes, timedOut, cancelled } = completion;
    const outcome = timedOut === true ? 'timed_out' : cancelled === true ? 'cancelled' : 'completed';
    this.metrics.seconds.observe({ outcome }, this.seconds());
    this.span.setAttributes({
      'process.pid': pid,
      'process.exit.code': exitCode,
      'warmbox.execution.signal': signal,
      'warmbox.execution.duration_ms': durationMs,
      'warmbox.execution.output_bytes': bytes,
      'warmbox.execution.timed_out': timedOut,
    });
    this.over(outcome);
  }

  private over(outcome: ExecutionOutcome, error?: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.metrics.ended.inc({ outcome });
    this.span.setAttribute('warmbox.execution.outcome', outcome);
    if (error !== undefined) fail(this.span, error);
    this.span.end();
  }

  private seconds(): number {
    return (this.clock.monotonic() - this.beganAt) / 1000;
  }
}
