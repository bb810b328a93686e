import type { IncomingHttpHeaders } from 'node:http';
import { PROBLEM_STATUS, type ProblemCode } from '@warmbox/contracts';
import type { ViolationDto } from '@warmbox/dto';
import { ProblemError } from '@warmbox/platform';

/** What an executor may refuse a client's request with. Anything else that it says is a fault between it and the manager. */
const PASSED: readonly ProblemCode[] = [
  'invalid_request',
  'forbidden',
  'execution_not_found',
  'file_not_found',
  'terminal_not_found',
  'not_acceptable',
  'conflict',
  'precondition_failed',
  'too_large',
  'unsupported_media_type',
  'range_not_satisfiable',
  'cannot_start',
  'idempotency_key_reused',
  'output_gone',
  'overloaded',
  'port_unreachable',
  'disk_full',
];

/** The most of an executor's words that are passed on: its port may be in the hands of its guest. */
const DETAIL_MAX_LENGTH = 2_000;
const VIOLATIONS_MAX = 100;

/** How an executor refuses. */
export interface Refusal {
  status: number;
  headers: IncomingHttpHeaders;
  /** Of a problem document, as far as it is read. */
  text: string;
  /** HEAD is refused without one. */
  method: string;
}

/** An executor's problem document as a problem of ours; the request id is put in anew. */
export function problemOfExecutor({ status, headers, text, method }: Refusal): ProblemError {
  const document = parse(text);
  const code = method === 'HEAD' ? codeOfStatus(status) : PASSED.find((known) => known === document.code);
  const detail = typeof document.detail === 'string' ? document.detail.slice(0, DETAIL_MAX_LENGTH) : '';
  if (code === undefined) {
    return new ProblemError('executor_unreachable', `The executor answered with status ${status}.`, {
      cause: new Error(`executor: ${status} ${detail}`),
    });
  }
  return new ProblemError(code, detail, {
    errors: violationsOf(document.errors),
    headers: code === 'range_not_satisfiable' ? lengthOf(headers) : {},
    members: { bytes: numberOf(document.bytes) },
  });
}

/** A client of HEAD sees no more than the status either. */
function codeOfStatus(status: number): ProblemCode | undefined {
  return PASSED.find((known) => PROBLEM_STATUS[known] === status);
}

/** How long what has no such bytes is. */
function lengthOf({ 'content-range': range = '' }: IncomingHttpHeaders): Record<string, string> {
  return /^bytes \*\/\d{1,20}$/.test(range) ? { 'content-range': range, 'accept-ranges': 'bytes' } : {};
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function violationsOf(value: unknown): ViolationDto[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value
    .filter(isViolation)
    .slice(0, VIOLATIONS_MAX)
    .map(({ pointer, detail }) => ({
      pointer: pointer.slice(0, DETAIL_MAX_LENGTH),
      detail: detail.slice(0, DETAIL_MAX_LENGTH),
    }));
}

function isViolation(value: unknown): value is ViolationDto {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pointer' in value &&
    typeof value.pointer === 'string' &&
    'detail' in value &&
    typeof value.detail === 'string'
  );
}
