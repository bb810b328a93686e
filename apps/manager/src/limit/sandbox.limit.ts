import { Inject, Injectable } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { notSynced } from '../kube/not.synced.js';
import { ManagerOptions } from '../config/manager.options.js';
import { SandboxQuota } from './sandbox.quota.js';

/** Seconds after which a client that met the limit may try again. */
const RETRY_AFTER_SECONDS = 5;

/** Room for one pod, held from before its creation until the store shows it. */
export interface Slot {
  release(): void;
}

/**
 * The limit of sandboxes as this manager sees it: refuses at once what the quota would refuse, so that a flood at the limit
 * costs the API server nothing. What other managers create at the same moment only the quota sees.
 */
@Injectable()
export class SandboxLimit {
  private taken = 0;

  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent' | 'size'>,
    @Inject(SandboxQuota) private readonly quota: Pick<SandboxQuota, 'isInForce'>,
    private readonly options: ManagerOptions,
  ) {}

  /** @throws ProblemError limit_reached; not_synced while pods or quota are not known, for the limit never fails open */
  take(): Slot {
    if (!this.store.isCurrent()) throw notSynced();
    if (!this.quota.isInForce) {
      throw new ProblemError('not_synced', 'The resource quota that limits sandboxes is not in force yet; try again.');
    }
    if (this.isReached) throw this.reached();
    this.taken += 1;
    let held = true;
    return {
      release: () => {
        if (held) this.taken -= 1;
        held = false;
      },
    };
  }

  /** A slot if there is one; undefined where `take` would throw. */
  tryTake(): Slot | undefined {
    return this.store.isCurrent() && this.quota.isInForce && !this.isReached ? this.take() : undefined;
  }

  /** How many more there may be, as far as this manager sees; not above 0 where there is no room. */
  get room(): number {
    return this.options.maxTotalContainers - this.store.size - this.taken;
  }

  /** Whether there is no room for one more, as far as this manager sees. */
  get isReached(): boolean {
    return this.room <= 0;
  }

  /** The problem of a client that met the limit. */
  reached(
    detail = `There are ${this.options.maxTotalContainers} sandboxes already, which is the limit.`,
  ): ProblemError {
    return new ProblemError('limit_reached', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
}
