import { randomBytes } from 'node:crypto';

/** 32 characters that are not taken for one another. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 16;

/** An id that nobody can guess: 80 random bits. */
export function newExecutionId(random: (size: number) => Uint8Array = randomBytes): string {
  return Array.from(random(LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
}
