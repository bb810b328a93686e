import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import { Agent } from 'undici';

/** How long credentials are used before the kubeconfig's source (a token file, a plugin) is asked again, in ms. */
const CREDENTIALS_TTL_MS = 30_000;

/**
 * Where the API server is and how to get in: client-node reads kubeconfigs, service accounts and credential plugins; the
 * connections are ours, pooled and kept alive (client-node's own client opens a new one for every request). Watches have an
 * agent of their own, so that they never take a place from a request.
 */
export class KubeConnection {
  readonly server: string;
  readonly requests: Agent;
  readonly watches: Agent;
  private credentials: { authorization: string | undefined; readAt: number } | undefined;

  private constructor(
    private readonly config: KubeConfig,
    tls: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>,
  ) {
    const server = config.getCurrentCluster()?.server;
    if (server === undefined) throw new Error('The kubeconfig names no cluster for its current context.');
    this.server = server.replace(/\/+$/, '');
    const connect = { ...tls, timeout: 5_000 };
    this.requests = new Agent({ connect, connections: 64, pipelining: 1, keepAliveTimeout: 30_000 });
    this.watches = new Agent({ connect, pipelining: 1, bodyTimeout: 0, headersTimeout: 30_000 });
  }

  /** The service account's connection in a cluster, else KUBECONFIG's, else ~/.kube/config's. */
  static async fromDefault(): Promise<KubeConnection> {
    const config = new KubeConfig();
    config.loadFromDefault();
    return KubeConnection.fromConfig(config);
  }

  /** A connection to `server` with a bearer token; for clusters that were just started. */
  static async fromToken(server: string, token: string): Promise<KubeConnection> {
    const config = new KubeConfig();
    config.loadFromClusterAndUser({ name: 'cluster', server, skipTLSVerify: false }, { name: 'user', token });
    return KubeConnection.fromConfig(config);
  }

  static async fromConfig(config: KubeConfig): Promise<KubeConnection> {
    const { ca, cert, key, rejectUnauthorized, servername } = await httpsOptionsOf(config);
    return new KubeConnection(config, { ca, cert, key, rejectUnauthorized, servername });
  }

  /** The Authorization header, from a cache unless `fresh`. */
  async authorization(fresh = false): Promise<string | undefined> {
    if (fresh || this.credentials === undefined || Date.now() - this.credentials.readAt > CREDENTIALS_TTL_MS) {
      const { headers } = await httpsOptionsOf(this.config);
      const header = (headers as Record<string, unknown> | undefined)?.Authorization;
      this.credentials = { authorization: typeof header === 'string' ? header : undefined, readAt: Date.now() };
    }
    return this.credentials.authorization;
  }

  /** Cuts every connection, watches included. */
  async close(): Promise<void> {
    await Promise.all([this.requests.destroy(), this.watches.destroy()]);
  }
}

async function httpsOptionsOf(config: KubeConfig): Promise<RequestOptions> {
  const options: RequestOptions = {};
  await config.applyToHTTPSOptions(options);
  return options;
}
