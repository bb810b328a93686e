import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { PodStore, type PodChange } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import { poolOf, uidOf, type Pod } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { createdAt } from './pool.classes.js';

/**
 * Since when this manager has seen each warm pod, on its own monotonic clock. The API server's times and this machine's may be
 * apart by any amount: by them alone, a leader whose clock is ahead would take each new pod for one that is out of time.
 */
@Injectable()
export class PodAges implements OnModuleInit {
  private readonly seenAt = new Map<string, number>();

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'subscribe'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.store.subscribe((change) => this.see(change));
  }

  see({ type, pod }: PodChange): void {
    if (type === 'deleted' || poolOf(pod) !== 'warm') this.seenAt.delete(uidOf(pod));
    else this.since(pod);
  }

  /** How old a warm pod is, in milliseconds: no older than it was seen to be. */
  ageOf(pod: Pod): number {
    return Math.min(this.clock.now() - createdAt(pod), this.clock.monotonic() - this.since(pod));
  }

  private since(pod: Pod): number {
    const at = this.seenAt.get(uidOf(pod)) ?? this.clock.monotonic();
    this.seenAt.set(uidOf(pod), at);
    return at;
  }
}
