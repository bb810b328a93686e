import { isUtf8 } from 'node:buffer';

/** Where the first byte is that belongs to no character of UTF-8; undefined where the whole is UTF-8. */
export function firstFault(bytes: Buffer): number | undefined {
  if (isUtf8(bytes)) return undefined;
  // Decoded, each fault is a U+FFFD: where that is encoded again, the two differ, or did so just before.
  const again = Buffer.from(bytes.toString());
  let at = 0;
  while (bytes[at] === again[at]) at += 1;
  while (!isUtf8(bytes.subarray(0, at))) at -= 1;
  return at;
}
