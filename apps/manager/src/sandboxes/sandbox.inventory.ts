import { Injectable } from '@nestjs/common';
import type { SandboxDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { ownerOf, sandboxOf, type Pod } from '@warmbox/sandbox';
import { RuntimeCatalog } from './runtime.catalog.js';
import { matches, pageOf, type Page, type SandboxFilter } from './sandbox.list.js';

/** Which sandboxes there are, from the store. */
@Injectable()
export class SandboxInventory {
  constructor(
    private readonly store: PodStore,
    private readonly runtimes: RuntimeCatalog,
  ) {}

  /** @throws ProblemError runtime_not_found, not_synced */
  page(runtime: string, filter: SandboxFilter, range: { cursor?: string; limit?: number }): Page {
    return pageOf(
      this.select(runtime, filter).map(({ sandbox }) => sandbox),
      range,
    );
  }

  /**
   * Every sandbox of a runtime that meets the filter, with its pod.
   *
   * @throws ProblemError runtime_not_found, and not_synced where the store has lost touch with the cluster
   */
  select(runtime: string, filter: SandboxFilter): { sandbox: SandboxDto; pod: Pod }[] {
    this.runtimes.get(runtime);
    if (!this.store.isCurrent()) {
      throw new ProblemError(
        'not_synced',
        'This manager does not know the current sandboxes: its watch has no answer.',
      );
    }
    const owner = filter.userId === undefined ? undefined : ownerOf(filter.userId);
    return this.store
      .list({ runtime, owner })
      .map((pod) => ({ sandbox: sandboxOf(pod), pod }))
      .filter(({ sandbox }) => matches(sandbox, filter));
  }
}
