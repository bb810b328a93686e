import { randomFillSync } from 'node:crypto';

/** 32 characters that are not taken for one another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 16;

/** Random bytes for so many ids: to ask for a few at a time takes as long as to ask for thousands. */
const POOL = Buffer.allocUnsafeSlow(256 * LENGTH);
let used = POOL.length;

/** Random bytes that nobody else gets, until it is asked again. */
function pooled(size: number): Uint8Array {
  if (used + size > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  used += size;
  return POOL.subarray(used - size, used);
}

/** An id that nobody can guess: 80 random bits. */
export function newExecutionId(random: (size: number) => Uint8Array = pooled): string {
  let id = '';
  for (const byte of random(LENGTH)) id += ALPHABET.charAt(byte % ALPHABET.length);
  return id;
}
