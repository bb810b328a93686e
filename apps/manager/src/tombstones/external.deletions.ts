import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { PodStore, type PodChange } from '@warmbox/kube';
import { Gate, type Clock } from '@warmbox/platform';
import { isTerminating, nameOf, poolOf, type Pod } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { Tombstones } from './tombstones.js';

/** Managers all see a deletion at once: each waits up to so many milliseconds, and most find that another has written it down. */
const SPREAD_MS = 1_000;

/** The most that are looked into at once: with a node or a namespace hundreds of sandboxes go in a moment. */
const AT_ONCE = 8;

/**
 * Writes down the end of sandboxes that no manager has ended: deleted with kubectl, drained, gone with their node. Warm ones
 * are nobody's, and nobody will ask for them.
 */
@Injectable()
export class ExternalDeletions implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ExternalDeletions.name);
  private readonly stopping = new AbortController();
  private readonly gate = new Gate(AT_ONCE);
  private unsubscribe = (): void => undefined;

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'subscribe'>,
    @Inject(Tombstones) private readonly tombstones: Pick<Tombstones, 'areKept' | 'has' | 'record'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.unsubscribe = this.store.subscribe((change) => this.see(change));
  }

  onModuleDestroy(): void {
    this.unsubscribe();
    this.stopping.abort();
  }

  private see(change: PodChange): void {
    const { pod } = change;
    if (!isDeletion(change) || poolOf(pod) === 'warm' || !this.tombstones.areKept) return;
    this.record(pod).catch((error: unknown) => {
      if (this.stopping.signal.aborted) return;
      this.logger.warn({ err: error, sandbox: pod.metadata?.name }, 'the end of a sandbox could not be recorded');
    });
  }

  private async record(pod: Pod): Promise<void> {
    const { signal } = this.stopping;
    await this.clock.sleep(SPREAD_MS * Math.random(), signal);
    await this.gate.run(async () => {
      if (!(await this.tombstones.has(nameOf(pod)))) await this.tombstones.record(pod, 'removed');
    }, signal);
  }
}

/** Its deletion, or the beginning of it: then it is written down by the time that nobody finds it any more. */
function isDeletion({ type, pod, previous }: PodChange): boolean {
  return type === 'deleted' || (isTerminating(pod) && !(previous !== undefined && isTerminating(previous)));
}
