import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalCluster, type LocalClusterOptions } from '@warmbox/local-cluster';
import { EXECUTOR_FLAGS } from '@warmbox/platform';
import { ManagerProcess } from './manager.process.js';
import type { WarmboxClient } from './warmbox.client.js';

export interface LocalSystemOptions {
  /** The folder that `npm run build` filled. */
  dist: string;
  /** How many managers (1). */
  managers?: number;
  /** Options of every manager, by variable. */
  environment?: Record<string, string>;
  /** Options of the cluster; hollow pods for example. */
  cluster?: Partial<LocalClusterOptions>;
}

const API_KEY = 'test-key-0123456789abcdef0123456789abcdef';

/** A local cluster in this process and managers in processes of their own. */
export class LocalSystem {
  readonly managers: ManagerProcess[] = [];
  readonly apiKey = API_KEY;

  private constructor(
    readonly cluster: LocalCluster,
    private readonly kubeconfig: string,
    private readonly folder: string,
    private readonly options: LocalSystemOptions,
  ) {}

  static async start(options: LocalSystemOptions): Promise<LocalSystem> {
    const cluster = await LocalCluster.start({
      executorCommand: [process.execPath, ...EXECUTOR_FLAGS, join(options.dist, 'executor', 'main.js')],
      ...options.cluster,
    });
    const folder = await mkdtemp(join(tmpdir(), 'warmbox-test-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });
    const system = new LocalSystem(cluster, kubeconfig, folder, options);
    try {
      for (let count = 0; count < (options.managers ?? 1); count += 1) await system.addManager();
    } catch (error) {
      await system.stop();
      throw error;
    }
    return system;
  }

  /** One more manager; `server` may lead it to the cluster through a proxy. */
  async addManager({
    server,
    environment = {},
  }: { server?: string; environment?: Record<string, string> } = {}): Promise<ManagerProcess> {
    let kubeconfig = this.kubeconfig;
    if (server !== undefined) {
      kubeconfig = join(this.folder, `kubeconfig-${this.managers.length}`);
      await writeFile(kubeconfig, this.cluster.kubeconfig().replaceAll(this.cluster.url, server), { mode: 0o600 });
    }
    const manager = await ManagerProcess.start({
      dist: this.options.dist,
      kubeconfig,
      apiKey: API_KEY,
      environment: { ...this.options.environment, ...environment },
    });
    this.managers.push(manager);
    return manager;
  }

  get clients(): WarmboxClient[] {
    return this.managers.map(({ client }) => client);
  }

  async stop(): Promise<void> {
    await Promise.all(this.managers.map(({ child }) => child.end()));
    await this.cluster.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}
