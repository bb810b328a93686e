import type { IncomingHttpHeaders } from 'node:http';

/** Of one connection only, and of whoever stands at its ends (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers as they are passed on to somebody. */
export type PassedHeaders = Record<string, string | string[]>;

/**
 * What of a message's headers is for the other end: nothing that is this connection's alone, also where only `Connection` says so.
 *
 * @param passes which of the others are passed, by their names in lower case; all unless told
 */
export function endToEnd(headers: IncomingHttpHeaders, passes: (name: string) => boolean = () => true): PassedHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const passed: PassedHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.has(name) && passes(name)) passed[name] = value;
  }
  return passed;
}
