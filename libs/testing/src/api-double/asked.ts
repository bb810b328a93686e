import type { IncomingMessage } from 'node:http';
import type { KubeObject } from '@warmbox/sandbox';

export type Verb = 'GET' | 'LIST' | 'WATCH' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** One request as the double understood it. */
export interface Asked {
  verb: Verb;
  collection: string;
  name: string | undefined;
  query: URLSearchParams;
  request: IncomingMessage;
  body: string;
}

/** A request in the API server's terms. */
export function understand(request: IncomingMessage, body: string): Asked {
  const url = new URL(request.url ?? '/', 'http://double');
  const parts = url.pathname.split('/').slice(1);
  const scope = parts[0] === 'apis' ? 3 : 2;
  const kindAt = parts[scope] === 'namespaces' && parts.length > scope + 2 ? scope + 2 : scope;
  const collection = `/${parts.slice(0, kindAt + 1).join('/')}`;
  const name = parts[kindAt + 1];
  const read: Verb = name !== undefined ? 'GET' : url.searchParams.get('watch') === 'true' ? 'WATCH' : 'LIST';
  const verb = request.method === 'GET' ? read : (request.method as Verb);
  return { verb, collection, name, query: url.searchParams, request, body };
}

/** Whether an object is selected; equality is all that a selector can ask for here. */
export function matches(object: KubeObject, selector: string | null): boolean {
  if (selector === null || selector === '') return true;
  return selector.split(',').every((term) => {
    const [key = '', value] = term.split('=');
    return object.metadata?.labels?.[key] === value;
  });
}
