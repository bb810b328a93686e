import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Gate, systemClock, type Clock } from '@warmbox/platform';
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import { KubeCredentialsError } from './kube.error.js';

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
  /** For watches, so that they never take a place from a request. */
  watches: Dispatcher;
}

type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

/**
 * Where the API server is and how to get in: client-node reads kubeconfigs, service accounts and credential plugins; the
 * connections are ours, pooled and kept alive (client-node's own client opens a new one for every request). Of proxies the
 * kubeconfig's `proxy-url` is used, and HTTPS_PROXY is not, as client-node does it.
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
    private config: KubeConfig,
    private readonly clock: Clock,
  ) {
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error('The kubeconfig names no cluster for its current context.');
    this.server = server.replace(/\/+$/, '');
  }

  /** KUBECONFIG's connection, else ~/.kube/config's, else the service account's of the pod that this runs in. */
  static async fromDefault(clock?: Clock): Promise<KubeConnection> {
    const config = new KubeConfig();
    config.loadFromDefault();
    // What client-node makes up where it finds nothing: the place where API servers once listened without TLS.
    if (config.currentContext === 'loaded-context' && config.getCurrentCluster()?.server === 'http://localhost:8080') {
      throw new Error('no kubeconfig and no service account was found.');
    }
    return KubeConnection.fromConfig(config, clock);
  }

  /** A connection to `server` with a bearer token; for clusters that were just started. */
  static async fromToken(server: string, token: string, clock?: Clock): Promise<KubeConnection> {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'cluster', server, skipTLSVerify: false }, { name: 'user', token });
    return KubeConnection.fromConfig(config, clock);
  }

  /** @throws KubeCredentialsError where certificates, a token or a plugin cannot be read. */
  static async fromConfig(config: KubeConfig, clock: Clock = systemClock): Promise<KubeConnection> {
    const connection = new KubeConnection(anew(config), clock);
    await connection.current();
    return connection;
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
    // Its authenticators keep tokens for a minute or until they expire; a new configuration has none yet.
    this.config = anew(this.config);
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
    const { headers, tls } = await credentialsOf(this.config);
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
    const proxy = this.config.getCurrentCluster()?.proxyUrl;
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

/** The same configuration, with nothing cached in it. */
function anew(config: KubeConfig): KubeConfig {
  const copy = new KubeConfig();
  copy.loadFromOptions({
    // client-node refuses plain HTTP unless it is told to skip what there is none of.
    clusters: config.clusters.map((cluster) =>
      cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
    ),
    contexts: config.contexts,
    users: config.users,
    currentContext: config.currentContext,
  });
  return copy;
}

async function credentialsOf(config: KubeConfig): Promise<{ headers: Record<string, string>; tls: Tls }> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, rejectUnauthorized, servername, auth } = options;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) {
    // A token file that ends in a line break would make the header one that cannot be sent.
    if (typeof value === 'string') headers[name.toLowerCase()] = value.trim();
  }
  if (typeof auth === 'string' && !('authorization' in headers))
    headers.authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return { headers, tls: { ca, cert, key, rejectUnauthorized, servername } };
}

function sameTls(a: Tls, b: Tls): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
