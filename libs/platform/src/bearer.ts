import { createHash, timingSafeEqual } from 'node:crypto';

/** The credentials of an `Authorization: Bearer …` header, if it is one. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** The password of an `Authorization: Basic …` header, if it is one. */
export function passwordOf(authorization: string | undefined): string | undefined {
  const encoded = authorization === undefined ? undefined : /^Basic +(\S+) *$/i.exec(authorization)?.[1];
  return encoded === undefined ? undefined : /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString())?.[1];
}

/** Whether two secrets are equal, in a time that tells nothing about either of them. */
export function sameSecret(actual: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(actual), digest(expected));
}
