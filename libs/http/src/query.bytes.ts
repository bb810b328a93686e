import { ViolationList } from '@warmbox/platform';
import { invalidRequest } from './validation.pipe.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The query carries bytes, not text: names of files may be any. `@RouteSettings({ queryOfBytes: true })`, and `queryBytes`. */
    queryOfBytes?: boolean;
  }
}

/**
 * The query of a request's target, percent-decoded to the bytes that were sent: what Fastify makes of it is text, in which bytes that
 * are no UTF-8 are lost. A plus sign is a space, as in forms.
 *
 * @param known the names that there are; any other, or one that comes twice, is refused
 * @throws ProblemError invalid_request with every violation
 */
export function queryBytes(url: string, known: readonly string[]): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  const violations = new ViolationList();
  for (const part of queryOf(url).split('&')) {
    if (part === '') continue;
    const [, name = '', value = ''] = /^([^=]*)=?(.*)$/s.exec(part) ?? [];
    const key = decoded(name).toString();
    if (!known.includes(key)) violations.add({ pointer: `?${key}`, detail: `${key} is not a known field` });
    else if (values.has(key)) violations.add({ pointer: `?${key}`, detail: `${key} must be given once` });
    else values.set(key, decoded(value));
  }
  if (violations.violations.length > 0) throw invalidRequest(violations);
  return values;
}

/** What follows the question mark. */
export function queryOf(url: string): string {
  return url.slice(url.indexOf('?') + 1 || url.length);
}

function decoded(text: string): Buffer {
  const latin1 = text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}
