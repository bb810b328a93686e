import type { IncomingMessage } from 'node:http';

/** Targets as they came. Not on the request: its `url` and `originalUrl` are written by whatever rewrites them. */
const targets = new WeakMap<IncomingMessage, string>();

/** A request's path and query. A target in absolute form (`GET http://host/path`, RFC 9112 §3.2.2) means its path. */
export function pathOfTarget(request: IncomingMessage): string {
  const { url = '/' } = request;
  targets.set(request, url);
  return url.replace(/^https?:\/\/[^/?#]*(?=[/?]|$)/i, '').replace(/^(?=\?|$)/, '/');
}

/** The authority that a target in absolute form names; undefined for any other. */
export function authorityOfTarget(request: IncomingMessage): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(targets.get(request) ?? '')?.[1];
}
