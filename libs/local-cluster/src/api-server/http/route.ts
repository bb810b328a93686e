import type { Verb } from '../kinds/kind.js';
import { methodNotAllowed, noSuchResource } from '../status.error.js';
import type { RequestTarget } from './request.target.js';

export type Route = Verb | 'bind';

const OF_COLLECTION: Partial<Record<string, Verb>> = { GET: 'list', POST: 'create', DELETE: 'deletecollection' };
const OF_OBJECT: Partial<Record<string, Verb>> = { GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };
const OF_STATUS: Partial<Record<string, Verb>> = { GET: 'get', PUT: 'update', PATCH: 'patch' };

/** What a method means for a target. @throws StatusError 404 for a subresource that there is not, 405 for anything else */
export function routeOf(
  method: string,
  { kind, namespace, name, subresource }: RequestTarget,
  isWatch: boolean,
): Route {
  if (subresource === 'binding' && kind.kind === 'Pod') {
    if (method === 'POST') return 'bind';
    throw methodNotAllowed();
  }
  if (subresource !== undefined && !(subresource === 'status' && kind.hasStatus)) throw noSuchResource();
  const verbs = name === undefined ? OF_COLLECTION : subresource === undefined ? OF_OBJECT : OF_STATUS;
  const verb = verbs[method];
  // Of every namespace at once there is only reading.
  const isEverywhere = kind.namespaced && namespace === undefined;
  if (verb === undefined || !kind.verbs.includes(verb) || (isEverywhere && verb !== 'list')) throw methodNotAllowed();
  return verb === 'list' && isWatch ? 'watch' : verb;
}
