/** Bytes from `start` up to but without `end`. */
export interface ByteRange {
  start: bigint;
  end: bigint;
}

const RANGE = /^bytes[ \t]*=[ \t,]*(\d*)-(\d*)[ \t,]*$/i;

/**
 * The one range that a `Range` header asks for (RFC 9110 §14.2). What is no range, several, and another unit count as not asked: then
 * all is answered.
 *
 * @returns undefined for all of it; `none` where the content has no such bytes
 */
export function rangeOf(header: string | undefined, size: bigint): ByteRange | 'none' | undefined {
  const [, first = '', last = ''] = RANGE.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  if (first === '') return suffix(BigInt(last), size);
  const start = BigInt(first);
  const end = last === '' ? size : BigInt(last) + 1n;
  if (last !== '' && end <= start) return undefined;
  return start >= size ? 'none' : { start, end: end < size ? end : size };
}

/** The last so many bytes. Of nothing they are all there is, which no Content-Range can say. */
function suffix(length: bigint, size: bigint): ByteRange | 'none' | undefined {
  if (length === 0n) return 'none';
  if (size === 0n) return undefined;
  return { start: length < size ? size - length : 0n, end: size };
}
