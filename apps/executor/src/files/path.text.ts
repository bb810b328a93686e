import { isUtf8 } from 'node:buffer';
import type { PathEncoding } from '@warmbox/contracts';
import { invalidRequest } from '@warmbox/http';
import { ProblemError } from '@warmbox/platform';
import { checkPath } from './file.query.js';

/** Names and paths as JSON says them: as text where all of them are UTF-8, and all percent-encoded where one is not. */
export function pathTexts<Names extends Record<string, Buffer | undefined>>(
  names: Names,
): { [Name in keyof Names]: Names[Name] extends Buffer ? string : string | undefined } & { encoding?: PathEncoding } {
  const isText = Object.values(names).every((name) => name === undefined || isUtf8(name));
  const write = isText ? (name: Buffer): string => name.toString() : percentEncoded;
  const texts = Object.entries(names).map(([key, name]) => [key, name === undefined ? undefined : write(name)]);
  return { ...Object.fromEntries(texts), ...(isText ? {} : { encoding: 'percent' }) } as never;
}

/** Bytes as a URL's query says them; slashes stay, and nothing else that means anything there. */
export function percentEncoded(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^A-Za-z0-9\-._~/]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/**
 * A path from a body: text, or percent-encoded bytes.
 *
 * @throws ProblemError invalid_request
 */
export function pathOfText(text: string, encoding: PathEncoding | undefined, pointer: string): Buffer {
  const path = encoding === undefined ? Buffer.from(text) : decoded(text, pointer);
  checkPath(path, pointer);
  return path;
}

function decoded(text: string, pointer: string): Buffer {
  if (!/^(?:[!-$&-~]|%[0-9a-f]{2})*$/i.test(text)) {
    throw invalidRequest([{ pointer, detail: 'must be ASCII without spaces, every percent sign beginning an escape' }]);
  }
  const latin1 = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}

/**
 * Work on a path that a body has: what is wrong with it is told by its place in there.
 *
 * @throws what the work throws
 */
export async function atPointer<Result>(pointer: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.errors === undefined) throw error;
    const errors = error.errors.map((violation) =>
      violation.pointer === '?path' ? { ...violation, pointer } : violation,
    );
    throw new ProblemError(error.code, error.detail, { errors, cause: error });
  }
}
