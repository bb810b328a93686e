import { isIP, isIPv6 } from 'node:net';

/** The hosts that a request may name, which keeps out web pages that point a name of their own at this server. */
export class AllowedHosts {
  private readonly names: ReadonlySet<string>;

  /** @param names host names and addresses without ports; none allows any */
  constructor(names: readonly string[]) {
    this.names = new Set(names.map(canonical));
  }

  /**
   * Whether a request may be served: its Host header, and the authority of a target in absolute form (`GET http://host/…`),
   * name allowed hosts, on whatever port.
   */
  allows(host: string | undefined, authority: string | undefined): boolean {
    if (this.names.size === 0) return true;
    return this.has(host) && (authority === undefined || this.has(authority));
  }

  /** Whether the host of an authority is one of the list. */
  lists(authority: string): boolean {
    return this.has(authority);
  }

  private has(authority: string | undefined): boolean {
    const name = authority === undefined ? undefined : hostOf(authority);
    return name !== undefined && this.names.has(name);
  }
}

/** The host of an authority (`host`, `host:port`, `[::1]:port`), in lower case, without a trailing dot; undefined if it is none. */
export function hostOf(authority: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:@[\]/\\?#]+))(?::\d{0,5})?$/i.exec(authority);
  if (match === null) return undefined;
  const [, literal, name] = match;
  if (literal !== undefined) return isIPv6(literal) ? canonical(literal) : undefined;
  return canonical(name ?? '');
}

/** Whether a Host header names an address and no name. */
export function isAddress(host: string | undefined): boolean {
  return isIP(hostOf(host ?? '') ?? '') !== 0;
}

/** One spelling for each host: IPv6 in its short form without brackets, names in lower case without the root's dot. */
function canonical(host: string): string {
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, '$1');
  if (isIPv6(bare)) return new URL(`http://[${bare}]`).hostname.slice(1, -1);
  return bare.replace(/\.$/, '');
}
