import type { ProblemCode } from './problem.codes.js';

/** One violated rule of a request. */
export interface Violation {
  /** An RFC 6901 JSON pointer into the body, or `?name` of the query, or a header's name, or `url`. */
  pointer: string;
  detail: string;
}

/** An error as a client is told of it: RFC 9457 `application/problem+json`. */
export interface Problem {
  type: string;
  /** What kind of problem it is; the same text for every occurrence of a code. */
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  requestId: string;
  /** With `invalid_request`: every violated rule, as far as they are listed. */
  errors?: Violation[];
  /** With `conflict`, where standard input takes no more: how many bytes of the request it took. */
  bytes?: number;
  /** With `sandbox_gone`: why, where that is known. */
  cause?: string;
  /** With `sandbox_gone`: what Kubernetes said of its end; for people. */
  message?: string;
}
