import { Inject, Injectable, Logger } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { toProblem, type Clock } from '@warmbox/platform';
import { ANNOTATION, grantedTimes, isTerminating, nameOf, poolOf, type Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { retryOnConflict } from './retry.on-conflict.js';
import { PodWriter } from './pod.writer.js';

/** How often a pod that others write at the same time is tried. */
const ATTEMPTS = 5;

/**
 * Writes down when a sandbox was active, beside the request that shows it and never in its way, and at most once per quarter
 * of its idle time-out: what decides is its executor's word, this is what clients are shown and when the executor is asked.
 * It is written only over what was read, so that it never takes back a renewal.
 */
@Injectable()
export class SandboxStamper {
  private readonly logger = new Logger(SandboxStamper.name);
  private readonly underWay = new Set<string>();

  constructor(
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'patchMetadata'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'confirm'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @param at when it was active, in milliseconds since the epoch; now unless told. */
  stamp(pod: Pod, at = this.clock.now()): void {
    const { uid = '', name } = pod.metadata ?? {};
    if (this.underWay.has(uid) || !this.isNews(pod, at)) return;
    this.underWay.add(uid);
    this.write(pod, at)
      .catch((error: unknown) => {
        if (toProblem(error).code === 'sandbox_gone') return;
        this.logger.warn({ err: error, sandbox: name }, 'the activity of a sandbox could not be recorded');
      })
      .finally(() => this.underWay.delete(uid));
  }

  private async write(pod: Pod, at: number): Promise<void> {
    const annotations = { [ANNOTATION.lastActivity]: new Date(at).toISOString() };
    await retryOnConflict(pod, {
      write: (newest) => this.writer.patchMetadata(newest, { annotations }, { onlyUnchanged: true }),
      // A kubelet's status has changed it, or a renewal that is later than this.
      newest: async () => {
        const found = await this.store.confirm(nameOf(pod));
        return found?.metadata?.uid === pod.metadata?.uid && found !== undefined && this.isNews(found, at)
          ? found
          : undefined;
      },
      attempts: ATTEMPTS,
    });
  }

  private isNews(pod: Pod, at: number): boolean {
    const { lastActivityAt = 0, idleTimeoutSeconds = this.options.idleTimeoutMinutes * 60 } = grantedTimes(pod);
    return poolOf(pod) !== 'warm' && !isTerminating(pod) && at - lastActivityAt >= idleTimeoutSeconds * 250;
  }
}
