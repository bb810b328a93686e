import { Injectable, Logger } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { toProblem } from '@warmbox/platform';
import { isTerminating, type GoneCause, type Pod } from '@warmbox/sandbox';
import { Tombstones } from '../tombstones/tombstones.js';
import { PodWriter, type DeleteHow } from './pod.writer.js';

/** Which end of a sandbox is not wanted any more. */
export type EndHow = Pick<DeleteHow, 'onlyUnchanged' | 'sendBefore'>;

/** Ends sandboxes: first it is written down why, then the pod is deleted. */
@Injectable()
export class SandboxEnder {
  private readonly logger = new Logger(SandboxEnder.name);

  constructor(
    private readonly writer: PodWriter,
    private readonly tombstones: Tombstones,
    private readonly store: PodStore,
  ) {}

  /**
   * Ends this very sandbox. With `onlyUnchanged` only as it was seen; one that another has ended meanwhile counts as ended. What
   * was written down is taken back where the sandbox lives on. Where nobody can tell it stays: the next end replaces it.
   *
   * Not guaranteed: a deletion without an answer may be carried out after it was seen that the sandbox lives; its cause is then
   * told as `removed`.
   *
   * @returns whether it was this call that ended it.
   * @throws ProblemError conflict where onlyUnchanged or sendBefore keeps it, kubernetes_unavailable
   */
  async end(pod: Pod, cause: GoneCause, how: EndHow = {}): Promise<boolean> {
    const tombstone = await this.tombstones.record(pod, cause);
    try {
      await this.writer.delete(pod, how);
      return true;
    } catch (error) {
      if (await this.isGone(pod, error)) return toProblem(error).code !== 'conflict';
      if (tombstone !== undefined) await this.tombstones.retract(pod, tombstone);
      throw error;
    }
  }

  /** Ends one that nobody was given; where that fails the log says so, and it goes by its idle time-out. Never throws. */
  async discard(pod: Pod): Promise<void> {
    await this.end(pod, 'discarded').catch((err: unknown) => {
      this.logger.error({ err, sandbox: pod.metadata?.name }, 'a sandbox that is nobody’s could not be deleted');
    });
  }

  /** Whether it is gone, or going, after all. @throws the deletion's own error where that is not known */
  private async isGone(pod: Pod, error: unknown): Promise<boolean> {
    const now = await this.store.confirm(pod.metadata?.name ?? '').catch(() => {
      throw error;
    });
    return now === undefined || now.metadata?.uid !== pod.metadata?.uid || isTerminating(now);
  }
}
