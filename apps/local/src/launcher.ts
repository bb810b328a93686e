import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL_IMAGE, LocalCluster, type KubeLog } from '@warmbox/local-cluster';
import { EXECUTOR_FLAGS, type Clock } from '@warmbox/platform';
import { freePort } from './free.port.js';
import { runtimeClassesOf, type LocalOptions } from './local.options.js';
import { ManagerProcess, type ExitCode } from './manager.process.js';

/** Where the bundles are. */
export interface Bundles {
  manager: string;
  executor: string;
}

/** What was started, for people to be told. */
export interface Running {
  url: string;
  apiKey: string;
  kubectlConfig: string;
  namespace: string;
  isolation: LocalCluster['isolation'];
}

const LOOPBACK = '127.0.0.1';

/** A second signal of the same Ctrl-C (npm passes its own on) is no wish to hurry, in milliseconds. */
const SAME_SIGNAL_MS = 1_000;

/** A local cluster in this process and a manager in front of it. */
export class Launcher {
  private readonly stopping = new AbortController();
  private starting: Promise<Running> | undefined;
  private stopped: Promise<void> | undefined;
  private stopAskedAt = -Infinity;
  private cluster: LocalCluster | undefined;
  private manager: ManagerProcess | undefined;

  constructor(
    private readonly options: LocalOptions,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly bundles: Bundles,
    private readonly clock: Clock,
    private readonly logger: KubeLog,
  ) {}

  /** Resolves when the manager can be used. @throws StartError; what was started by then is for `stop` to end. */
  start(): Promise<Running> {
    this.starting ??= this.launch();
    return this.starting;
  }

  /** Resolves with the manager's exit code if it ends by itself. */
  async managerEnded(): Promise<ExitCode> {
    const code = await this.manager?.exited;
    return code === undefined || this.stopping.signal.aborted ? new Promise<never>(() => undefined) : code;
  }

  /** The manager first, then the pods, then the API server; leaves nothing behind. */
  stop(): Promise<void> {
    this.stopped ??= this.end();
    return this.stopped;
  }

  get isStopping(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Waits for nothing any more. */
  hurry(): void {
    if (this.clock.monotonic() - this.stopAskedAt > SAME_SIGNAL_MS) this.manager?.kill();
  }

  private async end(): Promise<void> {
    this.stopAskedAt = this.clock.monotonic();
    this.stopping.abort(new Error('The start was broken off.'));
    const manager = this.manager?.stop();
    await this.starting?.catch(() => undefined);
    await (manager ?? this.manager?.stop());
    await this.cluster?.stop();
  }

  private async launch(): Promise<Running> {
    const { options, logger } = this;
    const { signal } = this.stopping;
    const port = await freePort(options.host, options.port);
    this.cluster = await LocalCluster.start({
      executorCommand: [process.execPath, ...EXECUTOR_FLAGS, this.bundles.executor],
      isolation: options.isolation,
      namespaces: [options.targetNamespace],
      runtimeClasses: runtimeClassesOf(options),
      logger,
    });
    signal.throwIfAborted();
    const kubeconfig = join(this.cluster.folder, 'manager.yaml');
    const kubectlConfig = join(this.cluster.folder, 'kubectl.yaml');
    await writeFile(kubeconfig, this.cluster.kubeconfig(), { mode: 0o600 });
    await writeFile(kubectlConfig, this.cluster.kubectlConfig(), { mode: 0o600 });
    signal.throwIfAborted();
    const url = `http://${LOOPBACK}:${port}`;
    const environment = managerEnvironment(this.environment, options, port, kubeconfig);
    this.manager = ManagerProcess.start({ main: this.bundles.manager, environment, url }, this.clock);
    if (this.manager.pid !== undefined) this.cluster.guard(this.manager.pid);
    await this.manager.ready(signal);
    return {
      url: `http://localhost:${port}`,
      apiKey: options.apiKey,
      kubectlConfig,
      namespace: options.targetNamespace,
      isolation: this.cluster.isolation,
    };
  }
}

/** The launcher's own environment, and on top of it what leads the manager to the local cluster. */
export function managerEnvironment(
  environment: NodeJS.ProcessEnv,
  { apiKey, host, targetNamespace, runtimes }: LocalOptions,
  port: number,
  kubeconfig: string,
): NodeJS.ProcessEnv {
  return {
    // Nobody but the person at the terminal waits for the end of what runs.
    DRAIN_DELAY_SECONDS: '0',
    SHUTDOWN_GRACE_SECONDS: '0',
    WARM_POOL_SIZE: warmPoolSize(environment, runtimes),
    ...environment,
    // Where the launcher itself runs in a pod, that pod's cluster is not meant.
    KUBERNETES_SERVICE_HOST: undefined,
    KUBERNETES_SERVICE_PORT: undefined,
    KUBECONFIG: kubeconfig,
    API_KEY: apiKey,
    HOST: host,
    PORT: String(port),
    TARGET_NAMESPACE: targetNamespace,
    EXECUTOR_IMAGE: LOCAL_IMAGE,
  };
}

/** One machine, one person: each warm sandbox is a process that waits. */
const WARM_POOL_SIZE = 2;

/** Warm sandboxes of each runtime where nobody says how many: what the limit leaves room for. What a file or a variable says is meant. */
function warmPoolSize(environment: NodeJS.ProcessEnv, runtimes: LocalOptions['runtimes']): string | undefined {
  // The original system's variables are in any case.
  const original = (name: string): string | undefined =>
    Object.entries(environment).find(([key]) => key.toLowerCase() === `katacontainermanager__${name}`)?.[1];
  if (environment.CONFIG_FILE || original('warmpoolsize') !== undefined) return undefined;
  const limit = Number(environment.MAX_TOTAL_CONTAINERS ?? original('maxtotalcontainers') ?? Infinity);
  const share = Math.floor(limit / new Set(['kata', ...Object.keys(runtimes)]).size);
  // A limit that is none is the manager's to complain about.
  return String(share >= 0 ? Math.min(WARM_POOL_SIZE, share) : WARM_POOL_SIZE);
}
