import { Inject, Injectable } from '@nestjs/common';
import type { SandboxDto } from '@warmbox/dto';
import { PodStore } from '@warmbox/kube';
import { ownerOf, sandboxOf, type Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import { notSynced } from '../kube/not.synced.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { matches, pageOf, type Page, type SandboxFilter } from './sandbox.list.js';

/** Which sandboxes a principal has, from the store. */
@Injectable()
export class SandboxInventory {
  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent' | 'list'>,
    @Inject(RuntimeCatalog) private readonly runtimes: Pick<RuntimeCatalog, 'get'>,
  ) {}

  /** @throws ProblemError runtime_not_found, not_synced */
  page(principal: Principal, runtime: string, filter: SandboxFilter, range: { cursor?: string; limit?: number }): Page {
    return pageOf(
      this.select(principal, runtime, filter).map(({ sandbox }) => sandbox),
      range,
    );
  }

  /**
   * Every one of its tenant's in a runtime that meets the filter, with its pod.
   *
   * @throws ProblemError runtime_not_found, and not_synced where the store has lost touch with the cluster
   */
  select({ tenant }: Principal, runtime: string, filter: SandboxFilter): { sandbox: SandboxDto; pod: Pod }[] {
    this.runtimes.get(runtime);
    if (!this.store.isCurrent()) throw notSynced();
    const owner = filter.userId === undefined ? undefined : ownerOf(filter.userId);
    return this.store
      .list({ tenant, runtime, owner })
      .map((pod) => ({ sandbox: sandboxOf(pod), pod }))
      .filter(({ sandbox }) => matches(sandbox, filter));
  }
}
