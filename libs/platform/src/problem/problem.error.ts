import { PROBLEM_STATUS, type ProblemCode, type Problem, type Violation } from '@warmbox/contracts';

/** Members of the document that some codes have. */
export type ProblemMembers = Pick<Problem, 'bytes' | 'cause' | 'message'>;

export interface ProblemOptions {
  /** With invalid_request: every violated rule. */
  errors?: Violation[];
  /** Seconds after which the client may try again; 429 and 503 always carry one (1 unless told). */
  retryAfterSeconds?: number;
  /** Further headers of the answer. */
  headers?: Record<string, string>;
  /** Further members of the document. */
  members?: ProblemMembers;
  /** What caused it; for the log, never for the answer. */
  cause?: unknown;
}

/** An error that a client is told about. `detail` says what was asked, what is wrong and what to do. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly errors?: Violation[];
  readonly headers: Record<string, string>;
  readonly members: ProblemMembers;

  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    { errors, retryAfterSeconds, headers = {}, members = {}, cause }: ProblemOptions = {},
  ) {
    super(detail, { cause });
    this.status = PROBLEM_STATUS[code];
    this.errors = errors;
    this.members = members;
    const retryable = this.status === 429 || this.status === 503;
    const seconds = retryAfterSeconds ?? (retryable ? 1 : undefined);
    this.headers = seconds === undefined ? headers : { ...headers, 'retry-after': String(Math.ceil(seconds)) };
  }
}
