import { Injectable } from '@nestjs/common';
import type { BulkDeletionDto, DeletedSandboxDto, FailedDeletionDto } from '@warmbox/contracts';
import { toProblem } from '@warmbox/platform';
import { poolOf, type Pod } from '@warmbox/sandbox';
import { PodWriter } from './pod.writer.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxInventory } from './sandbox.inventory.js';
import type { SandboxFilter } from './sandbox.list.js';

/** How many deletions of one bulk request are under way at once. */
const BULK_CONCURRENCY = 16;

/** Deletes sandboxes, one by name or many by filter. */
@Injectable()
export class SandboxRemover {
  constructor(
    private readonly finder: SandboxFinder,
    private readonly inventory: SandboxInventory,
    private readonly writer: PodWriter,
  ) {}

  /** @throws ProblemError runtime_not_found, sandbox_not_found, kubernetes_unavailable */
  async remove(runtime: string, name: string): Promise<DeletedSandboxDto> {
    await this.writer.delete(await this.finder.find(runtime, name));
    return { success: true, message: `Sandbox ${name} is being deleted.`, podName: name };
  }

  /**
   * Deletes the allocated and manual sandboxes that meet the filter, and with `includeWarm` the warm ones too. A failure
   * stops nothing: it is listed.
   *
   * @throws ProblemError runtime_not_found, not_synced
   */
  async removeAll(runtime: string, filter: SandboxFilter, includeWarm: boolean): Promise<BulkDeletionDto> {
    const pods = this.inventory
      .select(runtime, filter)
      .map(({ pod }) => pod)
      .filter((pod) => includeWarm || poolOf(pod) !== 'warm');
    const deletedPods: string[] = [];
    const failed: FailedDeletionDto[] = [];
    const queue = pods.values();
    const worker = async (): Promise<void> => {
      for (const pod of queue) {
        const podName = pod.metadata?.name ?? '';
        const code = await this.codeOfFailure(pod);
        if (code === undefined) deletedPods.push(podName);
        else failed.push({ podName, code });
      }
    };
    await Promise.all(Array.from({ length: BULK_CONCURRENCY }, worker));
    const failedPods = failed.map(({ podName }) => podName);
    return { deletedCount: deletedPods.length, failedCount: failed.length, deletedPods, failedPods, failed };
  }

  private async codeOfFailure(pod: Pod): Promise<string | undefined> {
    try {
      await this.writer.delete(pod);
      return undefined;
    } catch (error) {
      return toProblem(error).code;
    }
  }
}
