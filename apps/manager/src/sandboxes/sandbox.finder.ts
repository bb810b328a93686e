import { Inject, Injectable } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { LABEL, poolOf, tenantOf, type Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import { goneProblem } from '../tombstones/gone.problem.js';
import { Tombstones } from '../tombstones/tombstones.js';
import { LookupLimits } from './lookup.limits.js';
import { RuntimeCatalog } from './runtime.catalog.js';

/** What a pod's name can be (RFC 1123 subdomain); anything else names no sandbox and is never asked for. */
const POD_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Finds a principal's sandbox by name; to it another tenant's does not exist, and never did. A negative answer ("no such sandbox",
 * "still warm") never rests on the store alone: another manager may have made or claimed the pod milliseconds ago, so one GET
 * confirms it.
 */
@Injectable()
export class SandboxFinder {
  constructor(
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent' | 'get' | 'confirm'>,
    @Inject(RuntimeCatalog) private readonly runtimes: Pick<RuntimeCatalog, 'get'>,
    @Inject(Tombstones) private readonly tombstones: Pick<Tombstones, 'find'>,
    private readonly limits: LookupLimits,
  ) {}

  /**
   * @throws ProblemError runtime_not_found, sandbox_not_found, sandbox_gone; where a GET was needed kubernetes_unavailable, and rate_limited
   *   where the tenant asked for too many names that do not exist, or are not its own
   */
  find(principal: Principal, runtime: string, name: string): Promise<Pod> {
    return this.findWhere(principal, runtime, name, () => true);
  }

  /**
   * A sandbox that is somebody's: nothing runs in a warm one.
   *
   * @param runtime undefined: whichever it has; no two have the same name.
   * @throws ProblemError as `find`, and not_allocated
   */
  async findAllocated(principal: Principal, runtime: string | undefined, name: string): Promise<Pod> {
    const pod = await this.findWhere(principal, runtime, name, (candidate) => poolOf(candidate) !== 'warm');
    if (poolOf(pod) === 'warm') {
      throw new ProblemError(
        'not_allocated',
        `Sandbox ${name} is warm and nobody's: it takes no commands until it is allocated.`,
      );
    }
    return pod;
  }

  /**
   * A sandbox as the API server has it now, whatever the store shows.
   *
   * @throws ProblemError as `find`
   */
  findNewest(principal: Principal, runtime: string, name: string): Promise<Pod> {
    return this.findWhere(principal, runtime, name, () => false);
  }

  private async findWhere(
    principal: Principal,
    runtime: string | undefined,
    name: string,
    satisfies: (pod: Pod) => boolean,
  ): Promise<Pod> {
    if (runtime !== undefined) this.runtimes.get(runtime);
    const { tenant } = principal;
    const isTheirs = (pod: Pod | undefined): pod is Pod =>
      pod !== undefined &&
      (runtime === undefined || pod.metadata?.labels?.[LABEL.runtime] === runtime) &&
      tenantOf(pod) === tenant;
    // A store that has lost touch with the cluster decides nothing.
    const known = this.store.isCurrent() ? this.store.get(name) : undefined;
    if (isTheirs(known) && satisfies(known)) return known;
    const notFound = new ProblemError(
      'sandbox_not_found',
      `No sandbox ${JSON.stringify(name)} exists${runtime === undefined ? '' : ` in runtime ${runtime}`}.`,
    );
    if (!POD_NAME.test(name)) throw notFound;
    const limit = this.limits.of(tenant);
    limit.check();
    const asking = this.store.confirm(name);
    const confirmed = await asking;
    if (isTheirs(confirmed)) return confirmed;
    // Another tenant's as well, or it could be told from one that does not exist.
    limit.missed(asking);
    const tombstone = await this.tombstones.find({ tenant, runtime, name });
    throw tombstone === undefined ? notFound : goneProblem(tombstone);
  }
}
