import type { RequestOptions } from 'node:https';

export type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/** What proves to an API server who asks, and to us that it is the API server. */
export interface Credentials {
  headers: Record<string, string>;
  tls: Tls;
}

/** Where the API server is, and how to get in. */
export interface CredentialSource {
  /** Its URL, without a slash at the end. */
  readonly server: string;
  /** The URL of the proxy in front of it. */
  readonly proxyUrl?: string;
  /** Reads certificates and tokens anew, since both are rotated; throws what kept it from it. */
  read(): Promise<Credentials>;
  /** Forgets what it has kept of earlier reads: a token that was refused must not come again. */
  forget(): void;
}

/** A server with a bearer token that does not change; for clusters that were just started. */
export function tokenSource(server: string, token: string): CredentialSource {
  const credentials = { headers: { authorization: `Bearer ${token}` }, tls: {} };
  return { server: server.replace(/\/+$/, ''), read: () => Promise.resolve(credentials), forget: () => undefined };
}
