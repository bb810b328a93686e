import { Inject, Injectable, Logger } from '@nestjs/common';
import type { GoneCause } from '@warmbox/contracts';
import { CONFIG_MAPS, KubeApiError, KubeClient, kubeProblem } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import {
  isTerminating,
  readTombstone,
  tombstoneName,
  tombstoneObject,
  tombstoneOf,
  type ConfigMap,
  type Pod,
  type Tombstone,
} from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { TombstoneStore } from './tombstone.store.js';
import { isSuperseded } from './tombstone.precedence.js';

/** How long a deletion waits for its tombstone, in milliseconds: it is worth that much and no more. */
const WRITE_TIMEOUT_MS = 3_000;

/** Which sandbox: another tenant's, or another runtime's, of the same name is another; absent: of whatever runtime. */
export type SandboxId = Pick<Tombstone, 'tenant' | 'name'> & Partial<Pick<Tombstone, 'runtime'>>;

/** Why sandboxes are gone, for as long as that is remembered. */
@Injectable()
export class Tombstones {
  private readonly logger = new Logger(Tombstones.name);

  constructor(
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'create' | 'delete' | 'get'>,
    @Inject(TombstoneStore) private readonly store: Pick<TombstoneStore, 'get'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Whether anything is remembered at all. */
  get areKept(): boolean {
    return this.options.tombstoneMinutes > 0;
  }

  /**
   * Writes down why a sandbox goes, unless that has been done. Where it cannot be written the log says so, and that is all: no
   * deletion depends on it.
   *
   * @returns the uid of what this call has written, by which it can be taken back.
   */
  async record(pod: Pod, cause: GoneCause): Promise<string | undefined> {
    if (!this.areKept) return undefined;
    const tombstone = tombstoneOf(pod, cause, this.clock.now());
    const object = tombstoneObject(tombstone, this.options.targetNamespace);
    try {
      const written = (await this.create(object)) ?? (await this.supersede(pod, object, tombstone));
      return written?.metadata?.uid;
    } catch (error) {
      this.logger.warn(
        { err: error, sandbox: pod.metadata?.name, cause },
        'the end of a sandbox could not be recorded',
      );
      return undefined;
    }
  }

  /** The sandbox stays after all: takes back what `record` has written, and nothing that another has written since. */
  async retract(pod: Pod, uid: string): Promise<void> {
    const { name = '' } = pod.metadata ?? {};
    await this.remove(name, uid).catch((error: unknown) => {
      this.logger.warn({ err: error, sandbox: name }, 'a tombstone could not be removed');
    });
  }

  /**
   * What is remembered of a sandbox; where the watch has not shown anything, one GET asks for what another manager may have
   * written a moment ago.
   *
   * @throws ProblemError kubernetes_unavailable
   */
  async find({ tenant, runtime, name }: SandboxId): Promise<Tombstone | undefined> {
    if (!this.areKept) return undefined;
    const isTheirs = (one: Tombstone | undefined): boolean =>
      one?.tenant === tenant && (runtime === undefined || one.runtime === runtime);
    const known = this.store.get(name);
    // One of another tenant costs the same request as one that there is not: not even the time tells them apart.
    const tombstone = isTheirs(known) ? known : await this.ask(name);
    const isKept =
      tombstone !== undefined && this.clock.now() - tombstone.goneAt < this.options.tombstoneMinutes * 60_000;
    return isKept && isTheirs(tombstone) ? tombstone : undefined;
  }

  /** Whether anything is written down of a sandbox. @throws ProblemError kubernetes_unavailable */
  async has(name: string): Promise<boolean> {
    return (this.store.get(name) ?? (await this.ask(name))) !== undefined;
  }

  private async ask(name: string): Promise<Tombstone | undefined> {
    try {
      return readTombstone(await this.client.get(CONFIG_MAPS, this.keyOf(name)));
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined;
      throw kubeProblem(error);
    }
  }

  /** @returns undefined where there is one already. */
  private async create(object: ConfigMap): Promise<ConfigMap | undefined> {
    const options = { timeoutMs: WRITE_TIMEOUT_MS };
    try {
      return await this.client.create(CONFIG_MAPS, this.options.targetNamespace, object, options);
    } catch (error) {
      if (error instanceof KubeApiError && error.reason === 'AlreadyExists') return undefined;
      throw error;
    }
  }

  /** Replaces what is written down of a sandbox that lives, if it is not to stay. */
  private async supersede(pod: Pod, object: ConfigMap, by: Tombstone): Promise<ConfigMap | undefined> {
    if (isTerminating(pod)) return undefined;
    const { name = '' } = pod.metadata ?? {};
    const found = await this.client.get(CONFIG_MAPS, this.keyOf(name), { timeoutMs: WRITE_TIMEOUT_MS });
    const tombstone = readTombstone(found);
    if (tombstone?.uid === undefined || !isSuperseded(tombstone, by, this.clock.now())) return undefined;
    await this.remove(name, tombstone.uid);
    return this.create(object);
  }

  /** Removes one tombstone; one that is not there any more, or another by now, is none of ours. */
  private async remove(name: string, uid: string): Promise<void> {
    const options = { timeoutMs: WRITE_TIMEOUT_MS };
    await this.client
      .delete(CONFIG_MAPS, this.keyOf(name), { preconditions: { uid } }, options)
      .catch((error: unknown) => {
        if (!(error instanceof KubeApiError) || (error.status !== 404 && error.status !== 409)) throw error;
      });
  }

  private keyOf(name: string): { namespace: string; name: string } {
    return { namespace: this.options.targetNamespace, name: tombstoneName(name) };
  }
}
