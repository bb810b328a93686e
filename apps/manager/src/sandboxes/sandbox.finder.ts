import { Injectable } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { LABEL, poolOf, type Pod } from '@warmbox/sandbox';
import { goneProblem } from '../tombstones/gone.problem.js';
import { Tombstones } from '../tombstones/tombstones.js';
import { RuntimeCatalog } from './runtime.catalog.js';

/** What a pod's name can be (RFC 1123 subdomain); anything else names no sandbox and is never asked for. */
const POD_NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Finds a sandbox by name. A negative answer ("no such sandbox", "still warm") never rests on the store alone: another
 * manager may have made or claimed the pod milliseconds ago, so one GET confirms it.
 */
@Injectable()
export class SandboxFinder {
  constructor(
    private readonly store: PodStore,
    private readonly runtimes: RuntimeCatalog,
    private readonly tombstones: Tombstones,
  ) {}

  /**
   * @throws ProblemError runtime_not_found, sandbox_not_found, sandbox_gone; where a GET was needed kubernetes_unavailable, and rate_limited
   *   where too many names that do not exist were asked for
   */
  find(runtime: string, name: string): Promise<Pod> {
    return this.findWhere(runtime, name, () => true);
  }

  /**
   * A sandbox that is somebody's: nothing runs in a warm one.
   *
   * @throws ProblemError as `find`, and not_allocated
   */
  async findAllocated(runtime: string, name: string): Promise<Pod> {
    const pod = await this.findWhere(runtime, name, (candidate) => poolOf(candidate) !== 'warm');
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
  findNewest(runtime: string, name: string): Promise<Pod> {
    return this.findWhere(runtime, name, () => false);
  }

  private async findWhere(runtime: string, name: string, satisfies: (pod: Pod) => boolean): Promise<Pod> {
    this.runtimes.get(runtime);
    const isOfRuntime = (pod: Pod | undefined): pod is Pod => pod?.metadata?.labels?.[LABEL.runtime] === runtime;
    // A store that has lost touch with the cluster decides nothing.
    const known = this.store.isCurrent() ? this.store.get(name) : undefined;
    if (isOfRuntime(known) && satisfies(known)) return known;
    const confirmed = POD_NAME.test(name) ? await this.store.confirm(name) : undefined;
    if (!isOfRuntime(confirmed)) throw await this.absence(runtime, name);
    return confirmed;
  }

  /** Gone, where that is remembered; else never there. */
  private async absence(runtime: string, name: string): Promise<ProblemError> {
    const tombstone = POD_NAME.test(name) ? await this.tombstones.find(runtime, name) : undefined;
    if (tombstone === undefined) {
      return new ProblemError('sandbox_not_found', `No sandbox ${JSON.stringify(name)} exists in runtime ${runtime}.`);
    }
    return goneProblem(tombstone);
  }
}
