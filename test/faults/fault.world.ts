import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { PoolStatusDto } from '@warmbox/dto';
import { CONFIG_MAPS, KubeApiError, LEASES, PODS } from '@warmbox/kube';
import { isTerminating, poolOf, readTombstone } from '@warmbox/sandbox';
import { eachIs, isEmpty, waitFor } from '@warmbox/testing';
import { ManagerProcess } from '@warmbox/testing/harness';
import { DIST } from '../e2e/suite.js';
import { FaultCluster, type FaultClusterOptions } from './fault.cluster.js';
import { LeaseHistory } from './lease.history.js';
import { PodHistory } from './pod.history.js';
import { Watcher } from './watcher.js';

export interface FaultWorldOptions extends FaultClusterOptions {
  warmPoolSize: number;
  maxTotalContainers: number;
  /** Further options of every manager, by variable. */
  environment?: Record<string, string>;
  /** Where each manager finds the API server, if not directly; in their order. */
  detours?: (cluster: FaultCluster) => Promise<(string | undefined)[]>;
}

const API_KEY = 'test-key-0123456789abcdef0123456789abcdef';
const MANAGERS = 3;
/** How long a status may take: a manager that is stopped answers nobody. */
const STATUS_TIMEOUT_MS = 2_000;
/** How long everything may take to be as it should be once a fault is over, in milliseconds. */
const CALM_MS = 60_000;
/** How long the leader may take to prune what is expired, in milliseconds: thousands after many ends at once. */
const TIDY_MS = 180_000;
const LOOK_MS = 1_000;
/** The leader keeps at most so many tombstones. */
const TOMBSTONES_MAX = 1_000;

/** Three managers on one API server, and a watcher that asks none of them. */
export class FaultWorld {
  /** One index a manager: whoever is killed has a successor with the same. */
  readonly managers: ManagerProcess[] = [];
  readonly leases = new LeaseHistory();

  private constructor(
    readonly cluster: FaultCluster,
    readonly history: PodHistory,
    private readonly watcher: Watcher,
    private readonly folder: string,
    private readonly detours: (string | undefined)[],
    private readonly options: FaultWorldOptions,
  ) {}

  static async start(options: FaultWorldOptions): Promise<FaultWorld> {
    const cluster = await FaultCluster.start(options);
    const folder = await mkdtemp(join(tmpdir(), 'warmbox-faults-'));
    const watcher = new Watcher(await cluster.connect(), cluster.namespace);
    const history = new PodHistory(options.maxTotalContainers);
    const detours = (await options.detours?.(cluster)) ?? [];
    const world = new FaultWorld(cluster, history, watcher, folder, detours, options);
    try {
      await watcher.start(history, world.leases);
      await Promise.all(Array.from({ length: MANAGERS }, (_, index) => world.startManager(index)));
      await world.untilFull();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  /** A manager with an index, as the successor of the one that had it. */
  async startManager(index: number): Promise<ManagerProcess> {
    const kubeconfig = join(this.folder, `kubeconfig-${index}`);
    await writeFile(kubeconfig, this.cluster.kubeconfig(this.detours[index]), { mode: 0o600 });
    const manager = await ManagerProcess.start({
      dist: DIST,
      kubeconfig,
      apiKey: API_KEY,
      environment: {
        TARGET_NAMESPACE: this.cluster.namespace,
        RUNTIME_CLASS_NAME: this.cluster.namespace,
        LEADER_LEASE_DURATION_SECONDS: '5',
        WARM_POOL_SIZE: String(this.options.warmPoolSize),
        MAX_TOTAL_CONTAINERS: String(this.options.maxTotalContainers),
        ...this.options.environment,
      },
    });
    await this.keepLog(index);
    this.managers[index] = manager;
    return manager;
  }

  /** The index of the manager that leads. */
  async leader(): Promise<number> {
    const leaders = async (): Promise<number[]> =>
      (await this.statuses()).flatMap((one, index) => (one?.leader === true ? [index] : []));
    const [leader] = await waitFor('one manager leads', leaders, { length: 1 }, 30_000);
    return leader!;
  }

  private statuses(): Promise<Awaited<ReturnType<typeof statusOf>>[]> {
    return Promise.all(this.managers.map((manager) => statusOf(manager)));
  }

  /** Deletes a warm sandbox behind the managers' backs, if there is one: the pool is one short. */
  async removeWarm(): Promise<void> {
    const { client, namespace } = this.cluster;
    const warm = this.history.pods.find((pod) => poolOf(pod) === 'warm' && !isTerminating(pod));
    if (warm === undefined) return;
    const { name = '', resourceVersion } = warm.metadata ?? {};
    // Only as it was seen: a client may have got it in this moment.
    const preconditions = { resourceVersion };
    await client.delete(PODS, { namespace, name }, { preconditions }).catch((error: unknown) => {
      if (!(error instanceof KubeApiError) || ![404, 409].includes(error.status)) throw error;
    });
  }

  /** Until every manager, and the watcher, sees a full pool and nothing else. */
  async untilFull(): Promise<void> {
    const { warmPoolSize } = this.options;
    const seen = (): { pods: number; orphans: string[] } => ({
      pods: this.history.pods.length,
      orphans: this.history.orphans(),
    });
    await waitFor(
      'only a full pool of warm sandboxes is left',
      seen,
      { pods: warmPoolSize, orphans: isEmpty },
      CALM_MS,
    );
    await waitFor(
      'every manager says that the pool is full',
      () => this.statuses(),
      eachIs({ state: 'full', warm: warmPoolSize, total: warmPoolSize }),
    );
  }

  /** Until nothing is left in the namespace that should not be: the leader prunes tombstones once a minute. */
  async untilTidy(): Promise<void> {
    let litter = await this.litter();
    const look = async (): Promise<string[]> => {
      // Thousands of objects are not listed all the time.
      if (litter.length > 0) await delay(LOOK_MS);
      litter = await this.litter();
      return litter;
    };
    await waitFor('nothing lies about', look, isEmpty, TIDY_MS);
  }

  /** Leases and config maps of nobody. */
  private async litter(): Promise<string[]> {
    const { client, namespace } = this.cluster;
    const leases = (await client.list(LEASES, namespace)).items.map(({ metadata }) => `lease ${metadata?.name ?? ''}`);
    const maps = (await client.list(CONFIG_MAPS, namespace)).items;
    const tombstones = maps.flatMap((map) => readTombstone(map) ?? []);
    const living = new Set(this.history.pods.map(({ metadata }) => metadata?.name));
    return [
      ...leases.filter((name) => name !== 'lease pool-backfill-leader'),
      ...tombstones.filter(({ name }) => living.has(name)).map(({ name }) => `a tombstone of ${name}, which lives`),
      ...(tombstones.length > TOMBSTONES_MAX ? [`${tombstones.length} tombstones`] : []),
    ];
  }

  /** What a manager printed, into the folder that FAULTS_LOGS names. */
  private async keepLog(index: number): Promise<void> {
    const folder = process.env.FAULTS_LOGS ?? '';
    const output = this.managers[index]?.child.output;
    if (folder !== '' && output !== undefined)
      await appendFile(join(folder, `${this.cluster.namespace}-${index}.log`), output);
  }

  async stop(): Promise<void> {
    for (const { child } of this.managers) child.process.kill('SIGCONT');
    await Promise.all(this.managers.map(({ child }) => child.end()));
    for (const index of this.managers.keys()) await this.keepLog(index);
    await this.watcher.stop();
    await this.cluster.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A manager's word on its pool; undefined where it does not answer. */
export async function statusOf({ client }: ManagerProcess): Promise<PoolStatusDto | undefined> {
  try {
    const signal = AbortSignal.timeout(STATUS_TIMEOUT_MS);
    const answer = await client.fetch('GET', '/api/kata/pool/status', { signal });
    return answer.ok ? ((await answer.json()) as PoolStatusDto) : undefined;
  } catch {
    return undefined;
  }
}
