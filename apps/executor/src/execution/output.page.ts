import type { OutputEncoding } from '@warmbox/contracts';
import type { OutputPageDto } from '@warmbox/dto';
import type { Clock, ProblemError, Timer } from '@warmbox/platform';
import { ByteCollector } from '../output/byte.collector.js';
import { unfinishedBytes } from '../output/character.boundary.js';
import type { Execution } from './execution.js';
import type { Reader } from './reader.js';

/** Which part of the output is asked for. */
export interface PageRequest {
  /** The offset of the first byte that is wanted. */
  after: number;
  /** Bytes of a page at most; 4 or more, so that any character fits. */
  limit: number;
  /** How long to wait for a first byte, in milliseconds. */
  waitMs: number;
  encoding: OutputEncoding;
}

/** What it needs of the execution that it is a page of. */
type ReadExecution = Pick<Execution, 'attach' | 'detach' | 'id' | 'log' | 'result'>;

/**
 * One page of an execution's output, which waits until there is something to tell. Who asks page by page holds no connection
 * meanwhile, and yet counts as a reader: the command waits for them, and lives on for a while after each page.
 */
export class OutputPage implements Reader {
  readonly asksAgain = true;
  readonly blockedSince = undefined;
  readonly startedAt: number;
  readonly position: number;
  private readonly outcome = Promise.withResolvers<OutputPageDto | undefined>();
  private waiting: Timer | undefined;
  private isOver = false;

  constructor(
    private readonly execution: ReadExecution,
    private readonly request: PageRequest,
    private readonly clock: Clock,
  ) {
    this.startedAt = this.position = request.after;
  }

  /**
   * Resolves as soon as there is output after the offset, or the execution has completed, or the time is up.
   *
   * @returns undefined where `leave` was called before.
   * @throws ProblemError where the sandbox ends.
   */
  wait(): Promise<OutputPageDto | undefined> {
    const { waitMs } = this.request;
    this.waiting = this.clock.after(waitMs, () => this.answer());
    this.execution.attach(this, true);
    if (waitMs === 0) this.answer();
    return this.outcome.promise;
  }

  /** Nobody wants it any more. */
  leave(): void {
    this.finish();
    this.outcome.resolve(undefined);
  }

  advance(): void {
    const { log, result } = this.execution;
    if (log.end > this.request.after || result !== undefined) this.answer();
  }

  expire(): void {
    // A page cannot carry it.
  }

  fail(problem: ProblemError): void {
    this.finish();
    this.outcome.reject(problem);
  }

  private answer(): void {
    if (this.isOver) return;
    this.finish();
    this.outcome.resolve(this.page());
  }

  private finish(): void {
    this.isOver = true;
    this.waiting?.cancel();
    this.execution.detach(this);
  }

  private page(): OutputPageDto {
    const { id, log, result } = this.execution;
    const { after, limit, encoding } = this.request;
    const kept = { Stdout: new ByteCollector(), Stderr: new ByteCollector() };
    const from = Math.max(after, log.start);
    let next = from;
    for (let slice = log.read(next); slice !== undefined && next < from + limit; slice = log.read(next)) {
      const { stream, bytes } = slice;
      let count = Math.min(bytes.length, from + limit - next);
      // The page ends between characters, as every part of the log does.
      if (count < bytes.length && encoding === 'utf8') count -= unfinishedBytes(bytes, 0, count);
      if (count === 0) break;
      kept[stream].add(bytes.subarray(0, count));
      next += count;
    }
    return {
      executionId: id,
      state: result === undefined ? 'running' : 'completed',
      stdout: kept.Stdout.bytes.toString(encoding),
      stderr: kept.Stderr.bytes.toString(encoding),
      from,
      next,
      end: log.end,
      gap: from - after,
      exitCode: result?.exitCode,
    };
  }
}
