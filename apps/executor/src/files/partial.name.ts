import { randomBytes } from 'node:crypto';

/** What is not whole yet has such a name, beside where it is to be. */
const PREFIX = '.warmbox-partial-';

/** Such names as a pattern of a shell's. */
export const PARTIAL_PATTERN = `${PREFIX}*`;

export function partialName(): string {
  return PREFIX + randomBytes(9).toString('base64url');
}

/** @param name as text, or as bytes in Latin-1 */
export function isPartialName(name: string): boolean {
  return name.startsWith(PREFIX);
}
