import { Inject, Injectable, Logger } from '@nestjs/common';
import type { GoneCause } from '@warmbox/contracts';
import { PodStore } from '@warmbox/kube';
import { toProblem } from '@warmbox/platform';
import { isTerminating, nameOf, type Pod } from '@warmbox/sandbox';
import { Tombstones } from '../tombstones/tombstones.js';
import { PodWriter, type DeleteHow } from './pod.writer.js';

/** Which end of a sandbox is not wanted any more. */
export type EndHow = Pick<DeleteHow, 'onlyUnchanged' | 'sendBefore'>;

/** What a call to end a sandbox came to; it is gone in any case. */
export type EndOutcome = 'ended' | 'gone' | 'anothers';

/** Ends sandboxes: first it is written down why, then the pod is deleted. */
@Injectable()
export class SandboxEnder {
  private readonly logger = new Logger(SandboxEnder.name);

  constructor(
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'delete'>,
    @Inject(Tombstones) private readonly tombstones: Pick<Tombstones, 'record' | 'retract'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'confirm'>,
  ) {}

  /**
   * Ends this very sandbox. With `onlyUnchanged` only as it was seen; one that another has ended meanwhile counts as ended. What
   * was written down is taken back where the sandbox lives on. Where nobody can tell it stays: the next end replaces it.
   *
   * Not guaranteed: a deletion without an answer may be carried out after it was seen that the sandbox lives; its cause is then
   * told as `removed`.
   *
   * @returns `ended` where the API server's answer says that this call has done it, which of several managers at one sandbox one is
   *   told; `gone` where it was gone already, or is now although no answer came; `anothers` where somebody else changed and ended it.
   * @throws ProblemError conflict where onlyUnchanged or sendBefore keeps it, kubernetes_unavailable
   */
  async end(pod: Pod, cause: GoneCause, how: EndHow = {}): Promise<EndOutcome> {
    const tombstone = await this.tombstones.record(pod, cause);
    try {
      return (await this.writer.delete(pod, how)) ? 'ended' : 'gone';
    } catch (error) {
      if (await this.isGone(pod, error)) return toProblem(error).code === 'conflict' ? 'anothers' : 'gone';
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
    const now = await this.store.confirm(nameOf(pod)).catch(() => {
      throw error;
    });
    return now === undefined || now.metadata?.uid !== pod.metadata?.uid || isTerminating(now);
  }
}
