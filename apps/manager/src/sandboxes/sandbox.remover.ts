import { Inject, Injectable } from '@nestjs/common';
import type { BulkDeletionDto, DeletedSandboxDto, FailedDeletionDto } from '@warmbox/dto';
import { Gate, toProblem } from '@warmbox/platform';
import { nameOf, poolOf, sandboxOf, type Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import { retryOnConflict } from './retry.on-conflict.js';
import { SandboxEnder } from './sandbox.ender.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { matches, type SandboxFilter } from './sandbox.list.js';

/** How many deletions of one bulk request are under way at once. */
const BULK_CONCURRENCY = 16;

/** How often a pod that others write at the same time is tried. */
const ATTEMPTS = 20;

/** What became of one sandbox of a bulk deletion; `kept`: it does not meet the filter any more, or is another's. */
type Outcome = 'deleted' | 'kept' | FailedDeletionDto;

/** Deletes sandboxes, one by name or many by filter. */
@Injectable()
export class SandboxRemover {
  constructor(
    @Inject(SandboxFinder) private readonly finder: Pick<SandboxFinder, 'find' | 'findNewest'>,
    @Inject(SandboxInventory) private readonly inventory: Pick<SandboxInventory, 'select'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'end'>,
  ) {}

  /**
   * A warm one goes only while it is nobody's: in the moment of its deletion it may become another tenant's.
   *
   * @throws ProblemError runtime_not_found, sandbox_not_found, sandbox_gone, kubernetes_unavailable
   */
  async remove(principal: Principal, runtime: string, name: string): Promise<DeletedSandboxDto> {
    await retryOnConflict(await this.finder.find(principal, runtime, name), {
      write: (pod) => this.ender.end(pod, 'deleted', poolOf(pod) === 'warm' ? { onlyUnchanged: true } : {}),
      newest: () => this.finder.findNewest(principal, runtime, name),
      attempts: ATTEMPTS,
    });
    return { success: true, message: `Sandbox ${name} is being deleted.`, podName: name };
  }

  /**
   * Deletes the allocated and manual sandboxes that meet the filter, and with `includeWarm` the warm ones too. Each goes only as
   * it was seen to meet it: one that has changed (a warm one that was claimed, above all) is looked at again, and kept where it
   * is not meant any more. A failure stops nothing: it is listed.
   *
   * @throws ProblemError runtime_not_found, not_synced
   */
  async removeAll(
    principal: Principal,
    runtime: string,
    filter: SandboxFilter,
    includeWarm: boolean,
  ): Promise<BulkDeletionDto> {
    const isMeant = (pod: Pod): boolean => matches(sandboxOf(pod), filter) && (includeWarm || poolOf(pod) !== 'warm');
    const newest = (name: string): Promise<Pod> => this.finder.findNewest(principal, runtime, name);
    const pods = this.inventory.select(principal, runtime, filter).map(({ pod }) => pod);
    const deletedPods: string[] = [];
    const failed: FailedDeletionDto[] = [];
    await new Gate(BULK_CONCURRENCY).each(pods.filter(isMeant), async (pod) => {
      const outcome = await this.removeIf(isMeant, newest, pod);
      if (outcome === 'deleted') deletedPods.push(nameOf(pod));
      else if (outcome !== 'kept') failed.push(outcome);
    });
    const failedPods = failed.map(({ podName }) => podName);
    return { deletedCount: deletedPods.length, failedCount: failed.length, deletedPods, failedPods, failed };
  }

  private async removeIf(
    isMeant: (pod: Pod) => boolean,
    newest: (name: string) => Promise<Pod>,
    listed: Pod,
  ): Promise<Outcome> {
    const { name: podName = '', uid } = listed.metadata ?? {};
    try {
      const ended = await retryOnConflict(listed, {
        write: (pod) => this.ender.end(pod, 'deleted', { onlyUnchanged: true }),
        newest: async () => {
          const pod = await newest(podName);
          return pod.metadata?.uid === uid && isMeant(pod) ? pod : undefined;
        },
        attempts: ATTEMPTS,
      });
      return ended === undefined ? 'kept' : 'deleted';
    } catch (error) {
      const { code } = toProblem(error);
      if (code === 'sandbox_gone') return 'deleted';
      // A warm one may have become another tenant's.
      if (code === 'sandbox_not_found') return poolOf(listed) === 'warm' ? 'kept' : 'deleted';
      return { podName, code };
    }
  }
}
