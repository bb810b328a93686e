import { CONFIG_MAPS, KubeApiError, type ClusterTime, type KubeClient } from '@warmbox/kube';
import { Gate, pause } from '@warmbox/platform';
import type { PassTerm } from './pass.js';
import type { Passes } from './passes.js';

/** Between two passes, in milliseconds, and between two looks while there are many to remove: more may come meanwhile than may be kept. */
const INTERVAL_MS = 60_000;
const BUSY_INTERVAL_MS = 2_000;
/** From how many on at one look. */
const MANY = 100;
/** The most that are removed at once. */
const AT_ONCE = 16;

/** A ConfigMap that has expired, as it was seen. */
export interface ExpiredConfigMap {
  name: string;
  uid?: string;
  resourceVersion?: string;
}

/** Removes expired ConfigMaps: a pass that the leader makes once a minute, and which goes on while there are many. */
export abstract class ConfigMapPruner {
  /** @param name the pass's. */
  constructor(
    name: string,
    passes: Pick<Passes, 'onLeader'>,
    private readonly client: Pick<KubeClient, 'delete'>,
    private readonly namespace: string,
    private readonly clock: ClusterTime,
  ) {
    passes.onLeader({ name, intervalMs: INTERVAL_MS }, (term) => this.prune(term));
  }

  private async prune(term: PassTerm): Promise<void> {
    const { signal } = term;
    while ((await this.look(term)) >= MANY && !signal.aborted) await pause(this.clock, BUSY_INTERVAL_MS, signal);
  }

  /** Returns how many were to go. */
  private async look(term: PassTerm): Promise<number> {
    // What is removed by a time that may be wrong is forgotten too early.
    if (!this.clock.isSure) return 0;
    const found = await this.expired(this.clock.now(), term.signal);
    await new Gate(AT_ONCE).each(found, (one) => this.remove(one, term), term.signal);
    return found.length;
  }

  private async remove({ name, ...preconditions }: ExpiredConfigMap, term: PassTerm): Promise<void> {
    const options = { signal: term.signal, beforeSend: () => term.assertLeading() };
    const key = { namespace: this.namespace, name };
    await this.client.delete(CONFIG_MAPS, key, { preconditions }, options).catch((error: unknown) => {
      // Gone already, or written since, or another of that name: the next look sees.
      if (!(error instanceof KubeApiError && (error.status === 404 || error.status === 409))) throw error;
    });
  }

  /** Those that have expired. @param now milliseconds since the epoch */
  protected abstract expired(now: number, signal: AbortSignal): ExpiredConfigMap[] | Promise<ExpiredConfigMap[]>;
}
