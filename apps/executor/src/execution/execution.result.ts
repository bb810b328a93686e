import type { ExecuteResultDto } from '@warmbox/dto';
import type { OutputEncoding } from '@warmbox/contracts';
import type { ProblemError } from '@warmbox/platform';
import { unfinishedBytes } from '../output/character.boundary.js';
import { ByteCollector } from '../output/byte.collector.js';
import type { Slice } from '../output/output.log.js';
import type { Execution } from './execution.js';
import type { Reader } from './reader.js';

/** Collects the output of an execution for an answer in one piece: the first bytes are kept, the rest is read and dropped. */
export class ExecutionResult implements Reader {
  readonly startedAt = 0;
  readonly blockedSince = undefined;
  position = 0;
  private readonly kept = { Stdout: new ByteCollector(), Stderr: new ByteCollector() };
  private isFull = false;
  private isTruncated = false;
  private readonly outcome = Promise.withResolvers<ExecuteResultDto>();

  /**
   * @param maxBytes how many bytes of stdout and stderr together are kept.
   * @param resumes whether it is for a client that has asked before; then the output may have lost its beginning meanwhile.
   */
  constructor(
    private readonly execution: Execution,
    private readonly encoding: OutputEncoding,
    private readonly maxBytes: number,
    private readonly resumes = false,
  ) {}

  /**
   * Waits for the end.
   *
   * @throws ProblemError where there will be no result.
   */
  wait(): Promise<ExecuteResultDto> {
    this.execution.attach(this, this.resumes);
    return this.outcome.promise;
  }

  /** The client has gone. */
  leave(): void {
    this.execution.detach(this);
  }

  advance(): void {
    const { log, result } = this.execution;
    if (this.position < log.start) {
      this.position = log.start;
      this.isTruncated = true;
    }
    for (let slice = log.read(this.position); slice !== undefined; slice = log.read(this.position)) {
      this.position += slice.bytes.length;
      this.keep(slice);
    }
    if (result === undefined) return;
    const { exitCode, timedOut } = result;
    this.leave();
    this.outcome.resolve({
      executionId: this.execution.id,
      exitCode,
      timedOut,
      stdout: this.kept.Stdout.bytes.toString(this.encoding),
      stderr: this.kept.Stderr.bytes.toString(this.encoding),
      truncated: this.isTruncated || this.isFull,
    });
  }

  expire(): void {
    // An answer in one piece cannot carry it.
  }

  fail(problem: ProblemError): void {
    this.leave();
    this.outcome.reject(problem);
  }

  private keep({ stream, bytes }: Slice): void {
    if (this.isFull) return;
    const room = this.maxBytes - this.kept.Stdout.size - this.kept.Stderr.size;
    this.isFull = bytes.length > room;
    let count = Math.min(bytes.length, room);
    // Text is not cut within a character.
    if (this.isFull && this.encoding === 'utf8') count -= unfinishedBytes(bytes, 0, count);
    this.kept[stream].add(bytes.subarray(0, count));
  }
}
