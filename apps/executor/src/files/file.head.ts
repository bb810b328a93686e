import type { BigIntStats } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { ProblemError } from '@warmbox/platform';
import { rangeOf, type ByteRange } from './byte.range.js';
import { dispositionOf } from './file.disposition.js';
import { shownPath } from './file.failure.js';
import { versionOf } from './file.version.js';
import { rangeHolds, verdictOf } from './preconditions.js';

/** How the answer with a file begins. */
export interface FileHead {
  status: 200 | 206 | 304;
  headers: Record<string, string>;
  /** Absent where it has no body. */
  range?: ByteRange;
}

/** What is asked of a file. */
export interface FileRead {
  method: string;
  headers: IncomingHttpHeaders;
  /** As the client has it. */
  asked: Buffer;
}

/** Whatever a file holds, it is bytes: what a browser would make of it must not run under our name. */
const BYTES = 'application/octet-stream';

/**
 * How the answer begins with a file that is as long as its stats say.
 *
 * @param now milliseconds since 1970
 * @throws ProblemError precondition_failed, range_not_satisfiable
 */
export function headOf({ method, headers, asked }: FileRead, stats: BigIntStats, now: number): FileHead {
  const version = versionOf(stats, now);
  const { etag, lastModified } = version;
  const said = { etag, ...(lastModified === undefined ? {} : { 'last-modified': lastModified }) };
  const verdict = verdictOf(headers, version, true);
  if (verdict === 'failed') throw preconditionFailed(asked);
  if (verdict === 'not_modified') return { status: 304, headers: said };
  const { size } = stats;
  const isAsked = method === 'GET' && rangeHolds(headers['if-range'], version, now);
  const range = isAsked ? rangeOf(headers.range, size) : undefined;
  if (range === 'none') {
    throw new ProblemError('range_not_satisfiable', `${shownPath(asked)} has ${size} bytes.`, {
      headers: { 'content-range': `bytes */${size}`, 'accept-ranges': 'bytes' },
    });
  }
  const { start, end } = range ?? { start: 0n, end: size };
  return {
    status: range === undefined ? 200 : 206,
    headers: {
      ...saved(asked),
      ...said,
      'accept-ranges': 'bytes',
      'content-length': String(end - start),
      ...(range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1n}/${size}` }),
    },
    ...(method === 'HEAD' ? {} : { range: { start, end } }),
  };
}

/** How it begins with one whose length and version nobody knows before it is read. */
export function headOfUnmeasured({ asked }: FileRead): FileHead {
  return { status: 200, headers: { ...saved(asked), 'accept-ranges': 'none' } };
}

export function preconditionFailed(asked: Buffer): ProblemError {
  return new ProblemError('precondition_failed', `${shownPath(asked)} is not what the request expects: read it again.`);
}

function saved(asked: Buffer): Record<string, string> {
  const name = asked.subarray(asked.lastIndexOf('/') + 1);
  return { 'content-type': BYTES, 'content-disposition': dispositionOf(name) };
}
