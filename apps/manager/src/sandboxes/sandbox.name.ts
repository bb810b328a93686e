import { randomInt } from 'node:crypto';

/** Neither look-alikes nor vowels: such names are easy to read aloud and spell no words. */
const ALPHABET = 'bcdfghjkmnpqrstvwxz2456789';

/** A new pod name: the runtime's prefix and ten random characters (47 bits), so that no name is ever used twice. */
export function newSandboxName(prefix: string): string {
  return `${prefix}-${Array.from({ length: 10 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')}`;
}
