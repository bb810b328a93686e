import { createHash } from 'node:crypto';

/** The label value that stands for a user id: 32 hex digits of its SHA-256, so that any string is a legal id. */
export function ownerOf(userId: string): string {
  return createHash('sha256').update(userId).digest('hex').slice(0, 32);
}
