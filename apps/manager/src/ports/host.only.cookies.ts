import type { PassedHeaders } from '@warmbox/platform';

/**
 * The headers of an answer with every cookie bound to the very host that it comes from. A server in a sandbox that could name a domain would
 * set cookies of its neighbours, of the manager, and of whatever else is below that domain.
 */
export function hostOnlyCookies(headers: PassedHeaders): PassedHeaders {
  const cookies = headers['set-cookie'];
  if (cookies === undefined) return headers;
  return { ...headers, 'set-cookie': [cookies].flat().map(withoutDomain) };
}

function withoutDomain(cookie: string): string {
  const [pair = '', ...attributes] = cookie.split(';');
  return [pair, ...attributes.filter((attribute) => !/^\s*domain\s*(=|$)/i.test(attribute))].join(';');
}
