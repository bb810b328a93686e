import type { IncomingMessage } from 'node:http';
import { authorityOfTarget, type HttpAdapterOptions } from '@warmbox/http';
import { hostOf } from './allowed.hosts.js';

/** Where requests are led that name a host below the domain of ports. Who asks for it by itself finds nothing there. */
export const PORT_HOSTS_ROUTE = '.port-hosts';

/** What a request says that names a host below the domain of ports. */
export interface PortHost {
  /** The host in lower case, without a port. */
  host: string;
  /** What stands before the domain. */
  label: string;
  /** Path and query as they were asked for. */
  target: string;
}

const named = new WeakMap<IncomingMessage, PortHost>();

/** The port's host that a request names; undefined where it names another host. */
export function portHostOf(request: IncomingMessage): PortHost | undefined {
  return named.get(request);
}

/**
 * Leads requests to hosts below a domain away from all routes of the API, before the router looks at them: whatever their path is, it is
 * a sandbox's.
 *
 * @param domain empty: no host is one of a port.
 */
export function byPortHost(domain: string): HttpAdapterOptions['rewrite'] {
  if (domain === '') return undefined;
  const end = `.${domain.toLowerCase()}`;
  return (request, path) => {
    const host = hostOf(authorityOfTarget(request) ?? request.headers.host ?? '');
    if (host?.endsWith(end) !== true) return path;
    const target = path.startsWith('/') ? path : `/${path}`;
    const label = host.slice(0, -end.length);
    named.set(request, { host, label, target });
    // The label is for the log, which has no hosts.
    return `/${PORT_HOSTS_ROUTE}/${encodeURIComponent(label)}${target}`;
  };
}
