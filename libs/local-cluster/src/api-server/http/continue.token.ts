import { isJsonObject } from '../json.js';
import { badRequest } from '../status.error.js';

const FORMAT = 'meta.k8s.io/v1';

/** Where the next page of a list begins. */
export interface ListPosition {
  /** The version that all pages show; -1: whatever is newest. */
  revision: number;
  /** The key of the last object that was sent. */
  after: string;
}

export function encodeContinue({ revision, after }: ListPosition): string {
  return Buffer.from(JSON.stringify({ v: FORMAT, rv: revision, start: `${after}\0` })).toString('base64url');
}

export function decodeContinue(token: string): ListPosition {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (
      isJsonObject(parsed) &&
      parsed.v === FORMAT &&
      typeof parsed.rv === 'number' &&
      typeof parsed.start === 'string'
    ) {
      return { revision: parsed.rv, after: parsed.start.replace(/\0$/, '') };
    }
  } catch {
    // Not JSON; told below.
  }
  throw badRequest('invalid continue token: continue key is not valid');
}
