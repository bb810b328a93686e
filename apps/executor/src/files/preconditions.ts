import type { IncomingHttpHeaders } from 'node:http';
import type { FileVersion } from './file.version.js';

/** What a request's conditions come to. */
export type Verdict = 'go' | 'not_modified' | 'failed';

/** A `Last-Modified` is strong once so many seconds have passed since (RFC 9110 §8.8.2.2). */
const STRONG_AFTER_SECONDS = 1;

/**
 * Whether a request's conditions hold, in the order of RFC 9110 §13.2.2.
 *
 * @param current undefined where there is no such file
 * @param looks whether the method only looks (GET, HEAD)
 */
export function verdictOf(headers: IncomingHttpHeaders, current: FileVersion | undefined, looks: boolean): Verdict {
  const match = headers['if-match'];
  const noneMatch = headers['if-none-match'];
  if (match !== undefined) {
    if (!isListed(match, current, false)) return 'failed';
  } else if (isSince(headers['if-unmodified-since'], current) === true) {
    return 'failed';
  }
  if (noneMatch !== undefined) {
    if (isListed(noneMatch, current, true)) return looks ? 'not_modified' : 'failed';
  } else if (looks && isSince(headers['if-modified-since'], current) === false) {
    return 'not_modified';
  }
  return 'go';
}

/** Whether a range is to be answered: without `If-Range` always, else of that very content only (RFC 9110 §13.1.5). */
export function rangeHolds(ifRange: string | string[] | undefined, current: FileVersion, now: number): boolean {
  if (typeof ifRange !== 'string') return true;
  if (ifRange.includes('"')) return ifRange.trim() === current.etag;
  const { lastModified, modifiedSeconds } = current;
  return ifRange.trim() === lastModified && now / 1000 - modifiedSeconds >= STRONG_AFTER_SECONDS;
}

/** `*` is any that exists. A weak tag is one of ours only where that is enough. */
function isListed(header: string, current: FileVersion | undefined, weakly: boolean): boolean {
  if (current === undefined) return false;
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === current.etag || (weakly && tag === `W/${current.etag}`));
}

/** Whether it was modified after a date; undefined where that is none, or nothing exists. */
function isSince(date: string | undefined, current: FileVersion | undefined): boolean | undefined {
  const seconds = secondsOf(date);
  return seconds === undefined || current === undefined ? undefined : current.modifiedSeconds > seconds;
}

/** An HTTP date in its one form of today; others are passed over, as the standard says of what is no date. */
function secondsOf(date: string | undefined): number | undefined {
  const ms = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(date ?? '') ? Date.parse(date ?? '') : NaN;
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
