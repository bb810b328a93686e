import { Inject, Injectable } from '@nestjs/common';
import { pause, type Clock, type ProblemError } from '@warmbox/platform';
import { disruptionOf, endOf, LABEL, tenantOf, type Pod, type Tombstone } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import { goneProblem } from './gone.problem.js';
import { Tombstones, type SandboxId } from './tombstones.js';

/** How long whoever waits for a sandbox's last word is kept waiting for its tombstone, in milliseconds. */
const LOOK_UP_MS = 2_000;

/** Tells those who were using a sandbox what it is gone of. */
@Injectable()
export class Obituary {
  constructor(
    @Inject(Tombstones) private readonly tombstones: Pick<Tombstones, 'areKept' | 'find'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * What a client is told of a sandbox that has ended, is being deleted, or is gone. Never rejects: where the cluster cannot be asked
   * it is told what is known.
   *
   * @param pod as it was last seen.
   * @param reason for the log: how it was noticed.
   */
  async of(pod: Pod, reason?: unknown): Promise<ProblemError> {
    const { name = '', labels = {} } = pod.metadata ?? {};
    const end = endOf(pod);
    if (end !== undefined) return goneProblem({ name, ...end }, reason);
    const found = await this.lookUp({ tenant: tenantOf(pod), runtime: labels[LABEL.runtime] ?? '', name });
    if (found !== undefined && found !== 'unknown') return goneProblem(found, reason);
    const disruption = disruptionOf(pod);
    if (disruption !== undefined) return goneProblem({ name, ...disruption }, reason);
    // Every manager writes down why it deletes before it does.
    const isOthers = found === undefined && this.tombstones.areKept;
    return goneProblem({ name, ...(isOthers ? { cause: 'removed' } : {}) }, reason);
  }

  private async lookUp(sandbox: SandboxId): Promise<Tombstone | 'unknown' | undefined> {
    const over = new AbortController();
    const found = this.tombstones.find(sandbox).catch(() => 'unknown' as const);
    const tooLate = pause(this.clock, LOOK_UP_MS, over.signal).then(() => 'unknown' as const);
    try {
      return await Promise.race([found, tooLate]);
    } finally {
      over.abort();
    }
  }
}
