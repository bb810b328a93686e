import { Gate, systemClock, type Clock } from '@warmbox/platform';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { tokenSource, type CredentialSource, type Tls } from './kube.credentials.js';
import { KubeCredentialsError } from '../errors/kube.error.js';

/** How long credentials are used before the kubeconfig's source (a token file, a plugin) is asked again, in ms. */
const CREDENTIALS_TTL_MS = 30_000;
/** How often at most a refusal makes the source be asked at once: each time may start a plugin. */
const RENEWAL_INTERVAL_MS = 5_000;

/** The most requests that are under way at once. Leases have slots of their own: leading must not wait behind other work. */
const SLOTS = { requests: 64, leases: 4 } as const;
export type Slots = keyof typeof SLOTS;

/** What a request is sent with. */
export interface KubeAccess {
  headers: Readonly<Record<string, string>>;
  /** For requests that are answered at once. */
  requests: Dispatcher;
  /** For watches, so that they never take a connection from a request. */
  watches: Dispatcher;
}

/**
 * The way to the API server: pooled connections that are kept alive (client-node's own client opens a new one for every request), with
 * credentials that are read again as they age. Of proxies the kubeconfig's `proxy-url` is used, and HTTPS_PROXY is not, as client-node does it.
 */
export class KubeConnection {
  readonly server: string;
  /**
   * Where requests wait for each other. Not in undici, which for one that waits there looks at no signal: it would outlive its
   * deadline, and be sent although its sender does not want it any more.
   */
  readonly slots: Readonly<Record<Slots, Gate>> = {
    requests: new Gate(SLOTS.requests),
    leases: new Gate(SLOTS.leases),
  };
  private access: (KubeAccess & { tls: Tls; readAt: number }) | undefined;
  private renewing: Promise<KubeAccess> | undefined;

  private constructor(
    private readonly source: CredentialSource,
    private readonly clock: Clock,
  ) {
    this.server = source.server;
  }

  /** @throws KubeCredentialsError where certificates, a token or a plugin cannot be read. */
  static async open(source: CredentialSource, clock: Clock = systemClock): Promise<KubeConnection> {
    const connection = new KubeConnection(source, clock);
    await connection.current();
    return connection;
  }

  /** A connection to `server` with a bearer token; for clusters that were just started. */
  static fromToken(server: string, token: string, clock?: Clock): Promise<KubeConnection> {
    return KubeConnection.open(tokenSource(server, token), clock);
  }

  /** What to send the next request with. Certificates and tokens are read again every 30 s, since both are rotated. */
  async current(): Promise<KubeAccess> {
    const { access } = this;
    if (access !== undefined && this.clock.monotonic() - access.readAt < CREDENTIALS_TTL_MS) return access;
    return this.renew();
  }

  /** What to send a request with that was answered 401 with `refused`; the same again where there is nothing newer. */
  async renewed(refused: KubeAccess): Promise<KubeAccess> {
    const { access } = this;
    if (access === undefined || access.headers !== refused.headers) return this.current();
    if (this.clock.monotonic() - access.readAt < RENEWAL_INTERVAL_MS) return access;
    this.source.forget();
    return this.renew();
  }

  /** Cuts every connection, watches included. */
  async close(): Promise<void> {
    await Promise.all([this.access?.requests.destroy(), this.access?.watches.destroy()]);
  }

  private renew(): Promise<KubeAccess> {
    this.renewing ??= this.read()
      .catch((error: unknown) => {
        if (this.access === undefined) throw new KubeCredentialsError(error);
        // A file that is missing for a moment is no reason to stop: the old ones may do, and the server says if they do not.
        this.access.readAt = this.clock.monotonic() - CREDENTIALS_TTL_MS + RENEWAL_INTERVAL_MS;
        return this.access;
      })
      .finally(() => (this.renewing = undefined));
    return this.renewing;
  }

  private async read(): Promise<KubeAccess> {
    const { headers, tls } = await this.source.read();
    const before = this.access;
    const agents = before !== undefined && sameTls(before.tls, tls) ? before : this.agents(tls);
    const { requests, watches } = agents;
    this.access = { headers, requests, watches, tls, readAt: this.clock.monotonic() };
    if (before !== undefined && before.requests !== requests) {
      // What is under way on them ends in its own time.
      void before.requests.close();
      void before.watches.close();
    }
    return this.access;
  }

  private agents(tls: Tls): Pick<KubeAccess, 'requests' | 'watches'> {
    const proxy = this.source.proxyUrl;
    const agent = (options: Agent.Options): Dispatcher => {
      // HTTP/2 would put watches and requests on one connection, where one lost packet stops them all.
      const connect = { ...tls, timeout: 5_000, allowH2: false };
      return proxy === undefined
        ? new Agent({ ...options, allowH2: false, connect })
        : new ProxyAgent({ ...options, allowH2: false, uri: proxy, requestTls: connect, connectTimeout: 5_000 });
    };
    return {
      requests: agent({ pipelining: 1, keepAliveTimeout: 30_000 }),
      watches: agent({ pipelining: 1, bodyTimeout: 0, headersTimeout: 30_000 }),
    };
  }
}

function sameTls(a: Tls, b: Tls): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
