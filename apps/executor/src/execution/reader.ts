import type { ExpiringEventDto } from '@warmbox/dto';
import type { ProblemError } from '@warmbox/platform';

/** Somebody who gets the events of an execution; told synchronously, and expected to take as much as it can at once. */
export interface Reader {
  /** The offset at which it began. */
  readonly startedAt: number;
  /** The offset up to which it has taken the output. */
  readonly position: number;
  /** Since when it has been unable to take more, in monotonic milliseconds; undefined while it can. */
  readonly blockedSince: number | undefined;
  /** Whether it comes again and again for the next part: that it goes says nothing of its client. */
  readonly asksAgain?: boolean;
  /** There is more output, or the execution has completed. */
  advance(): void;
  /** The sandbox ends soon. */
  expire(notice: ExpiringEventDto): void;
  /** There will be no result. */
  fail(problem: ProblemError): void;
}
