import { CONFIG_MAPS, KubeApiError, type ClusterTime, type KubeClient, type LeaseTerm } from '@warmbox/kube';
import { Gate, pause, Periodic, Wakeup } from '@warmbox/platform';
import type { LeaderTask } from './leader.task.js';

/** Between two looks, in milliseconds, and between two while there are many to remove: more may come meanwhile than may be kept. */
const INTERVAL_MS = 60_000;
const BUSY_INTERVAL_MS = 2_000;
/** From how many on at one look. */
const MANY = 100;
/** The most that are removed at once. */
const AT_ONCE = 16;

/** What it needs of the term in which it works. */
type PrunersTerm = Pick<LeaseTerm, 'assertLeading' | 'signal'>;

/** A ConfigMap that has expired, as it was seen. */
export interface ExpiredConfigMap {
  name: string;
  uid?: string;
  resourceVersion?: string;
}

/** Removes expired ConfigMaps, once a minute and more often while there are many; the leader's work. */
export abstract class ConfigMapPruner implements LeaderTask {
  abstract readonly name: string;
  /** Wakes the leader for the next look. */
  readonly passes: Periodic;
  private wakeup: Wakeup;

  constructor(
    private readonly client: Pick<KubeClient, 'delete'>,
    private readonly namespace: string,
    private readonly clock: ClusterTime,
  ) {
    this.wakeup = new Wakeup(clock);
    const wake = (): void => this.wakeup.wake();
    // A wake cannot fail.
    this.passes = new Periodic(wake, INTERVAL_MS, clock, () => undefined);
  }

  async lead(term: PrunersTerm): Promise<void> {
    const { signal } = term;
    // What woke it before is answered by the first look.
    const wakeup = new Wakeup(this.clock);
    this.wakeup = wakeup;
    const wake = (): void => wakeup.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        const found = await this.look(term);
        if (found >= MANY) await pause(this.clock, BUSY_INTERVAL_MS, signal);
        else await wakeup.wait();
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** Returns how many were to go. */
  private async look(term: PrunersTerm): Promise<number> {
    // What is removed by a time that may be wrong is forgotten too early.
    if (!this.clock.isSure) return 0;
    const found = await this.expired(this.clock.now(), term.signal);
    await new Gate(AT_ONCE).each(found, (one) => this.remove(one, term), term.signal);
    return found.length;
  }

  private async remove({ name, ...preconditions }: ExpiredConfigMap, term: PrunersTerm): Promise<void> {
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
