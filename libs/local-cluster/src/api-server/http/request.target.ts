import type { Kind } from '../kinds/kind.js';
import { findKind } from '../kinds/kinds.js';
import { badRequest } from '../status.error.js';

/** What a path of the API is about. */
export interface RequestTarget {
  kind: Kind;
  /** undefined: every namespace, or the kind has none. */
  namespace: string | undefined;
  name: string | undefined;
  subresource: string | undefined;
}

/** @returns undefined where the path names nothing that this API server serves. */
export function parseTarget(path: string): RequestTarget | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  const [root, ...rest] = segments.map(decodeSegment);
  const group = root === 'apis' ? rest.shift() : root === 'api' ? '' : undefined;
  const version = rest.shift();
  if (group === undefined || version === undefined) return undefined;
  const [first = '', second, third, ...below] = rest;
  if (first === 'namespaces' && second !== undefined && third !== undefined) {
    const kind = findKind(group, version, third);
    if (kind?.namespaced === true) return target(kind, second, below);
  }
  const kind = findKind(group, version, first);
  return kind === undefined ? undefined : target(kind, undefined, rest.slice(1));
}

function target(kind: Kind, namespace: string | undefined, below: string[]): RequestTarget | undefined {
  const [name, subresource, ...more] = below;
  // An object of a namespace has no path outside of it.
  if (more.length > 0 || (kind.namespaced && namespace === undefined && name !== undefined)) return undefined;
  return { kind, namespace, name, subresource };
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest(`invalid URL escape in ${JSON.stringify(segment)}`);
  }
}
