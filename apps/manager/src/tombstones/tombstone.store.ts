import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { COLLECTION_WATCH_DEFAULTS, CollectionWatch, CONFIG_MAPS, KubeClient } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { readTombstone, TOMBSTONE_SELECTOR, type ConfigMap, type Tombstone } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';

/**
 * The tombstones that this manager's own watch has shown. That one is not here means nothing: another manager may have
 * written it a moment ago.
 */
@Injectable()
export class TombstoneStore implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly known = new Map<string, Tombstone>();
  private readonly stopping = new AbortController();
  private readonly watch: CollectionWatch<ConfigMap>;
  private running: Promise<void> | undefined;

  constructor(client: KubeClient, { targetNamespace: namespace }: ManagerOptions, @Inject(CLOCK) clock: Clock) {
    this.watch = new CollectionWatch(
      client,
      { resource: CONFIG_MAPS, labelSelector: TOMBSTONE_SELECTOR, trim: trimmed, noun: 'tombstone' },
      { ...COLLECTION_WATCH_DEFAULTS, namespace },
      {
        replace: (objects) => this.replace(objects),
        apply: (type, object) => this.apply(type, object),
        advance: () => undefined,
        alive: () => undefined,
      },
      clock,
      Math.random,
      new Logger(TombstoneStore.name),
    );
  }

  /** All of them, in no order. */
  get all(): Tombstone[] {
    return [...this.known.values()];
  }

  get(name: string): Tombstone | undefined {
    return this.known.get(name);
  }

  onApplicationBootstrap(): void {
    this.running = this.watch.run(this.stopping.signal);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private replace(objects: ConfigMap[]): void {
    this.known.clear();
    for (const object of objects) this.apply('ADDED', object);
  }

  private apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: ConfigMap): void {
    const tombstone = readTombstone(object);
    if (tombstone === undefined) return;
    if (type === 'DELETED') this.known.delete(tombstone.name);
    else this.known.set(tombstone.name, tombstone);
  }
}

/** What is read of it, and its version, which the watch needs. */
function trimmed({ metadata, data }: ConfigMap): ConfigMap {
  const { name, uid, labels, resourceVersion } = metadata ?? {};
  return { metadata: { name, uid, labels, resourceVersion }, data };
}
