import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '@warmbox/platform';
import { KubeConnection } from './client/kube.connection.js';
import type { Credentials, CredentialSource } from './client/kube.credentials.js';

/** KUBECONFIG's connection, else ~/.kube/config's, else the service account's of the pod that this runs in. */
export async function connectByDefault(clock?: Clock): Promise<KubeConnection> {
  const config = new KubeConfig();
  config.loadFromDefault();
  // What client-node makes up where it finds nothing: the address where API servers once listened without TLS.
  if (config.currentContext === 'loaded-context' && config.getCurrentCluster()?.server === 'http://localhost:8080') {
    throw new Error('no kubeconfig and no service account was found.');
  }
  return connectByKubeconfig(config, clock);
}

/** @throws KubeCredentialsError where certificates, a token or a plugin cannot be read. */
export async function connectByKubeconfig(config: KubeConfig, clock?: Clock): Promise<KubeConnection> {
  return KubeConnection.open(new KubeconfigSource(config), clock);
}

/** The current context of a kubeconfig: client-node reads its files, service accounts and credential plugins. */
class KubeconfigSource implements CredentialSource {
  readonly server: string;
  readonly proxyUrl: string | undefined;
  private config: KubeConfig;

  constructor(config: KubeConfig) {
    this.config = anew(config);
    const cluster = this.config.getCurrentCluster();
    if (cluster === null) throw new Error('The kubeconfig names no cluster for its current context.');
    this.server = cluster.server.replace(/\/+$/, '');
    this.proxyUrl = cluster.proxyUrl;
  }

  async read(): Promise<Credentials> {
    const options: RequestOptions = {};
    await this.config.applyToHTTPSOptions(options);
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

  /** Its authenticators keep tokens for a minute or until they expire; a new configuration has none yet. */
  forget(): void {
    this.config = anew(this.config);
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
