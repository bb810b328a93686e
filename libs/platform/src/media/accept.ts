import { ProblemError } from '../problem/problem.error.js';

export const MEDIA = {
  json: 'application/json',
  eventStream: 'text/event-stream',
  ndjson: 'application/x-ndjson',
} as const;
export type Media = (typeof MEDIA)[keyof typeof MEDIA];

/** The media type as an answer names it: with its charset, because many read an unnamed `text/…` as Latin-1. */
export function contentTypeOf(media: Media): string {
  return `${media}; charset=utf-8`;
}

/**
 * Which representation an operation that can stream answers with. Without `Accept` or with a mere wildcard it streams; JSON
 * wins where it is named (or meant by `application/*`) at the highest q, ties included.
 *
 * @param offered what the operation can send.
 * @returns undefined where none of it is acceptable (406).
 */
export function negotiate<Offered extends Media>(
  accept: string | undefined,
  offered: readonly Offered[],
): Offered | undefined {
  const ranges = rangesOf(accept?.trim() ? accept : '*/*');
  const candidates = offered
    .map((media) => ({ media, ...match(media, ranges) }))
    .filter(({ q }) => q > 0)
    .sort((a, b) => b.q - a.q || preference(a) - preference(b));
  return candidates[0]?.media;
}

/**
 * The best representation for a client.
 *
 * @throws ProblemError not_acceptable
 */
export function acceptable<Offered extends Media>(accept: string | undefined, offered: readonly Offered[]): Offered {
  const media = negotiate(accept, offered);
  if (media !== undefined) return media;
  throw new ProblemError('not_acceptable', `Accept must allow ${offered.join(' or ')}.`);
}

/** What headers say that were read before: nearly all are one of a few. */
const known = new Map<string, readonly MediaRange[]>();
const KNOWN_MOST = 64;
/** Nobody fills memory with headers of their own. */
const KNOWN_LENGTH = 200;

function rangesOf(accept: string): readonly MediaRange[] {
  const found = known.get(accept);
  if (found !== undefined) return found;
  const ranges = accept.split(',').map(parseRange);
  if (known.size < KNOWN_MOST && accept.length <= KNOWN_LENGTH) known.set(accept, ranges);
  return ranges;
}

interface MediaRange {
  type: string;
  q: number;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const q = parameters.find((parameter) => parameter.startsWith('q='));
  const value = q === undefined ? 1 : Number(q.slice(2));
  return { type, q: Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0 };
}

/** The most specific range that covers a media type decides its q (RFC 9110 §12.5.1). */
function match(media: Media, ranges: readonly MediaRange[]): { q: number; specificity: number } {
  const covering = [media, `${media.split('/')[0]}/*`, '*/*'];
  for (const [index, type] of covering.entries()) {
    const range = ranges.find((candidate) => candidate.type === type);
    if (range !== undefined) return { q: range.q, specificity: covering.length - index };
  }
  return { q: 0, specificity: 0 };
}

/** Among equals of q: JSON that was meant, then what was named, then streams before JSON where nothing was said. */
function preference({ media, specificity }: { media: Media; specificity: number }): number {
  const isMeant = specificity > 1;
  if (media === MEDIA.json && isMeant) return 0;
  return (isMeant ? 1 : 4) + [MEDIA.eventStream, MEDIA.json, MEDIA.ndjson].indexOf(media);
}
