import { Injectable } from '@nestjs/common';
import { LABELS_MAX } from '@warmbox/contracts';
import type { UpdateSandboxDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import { callersLabels, type Pod } from '@warmbox/sandbox';
import type { Principal } from '../http/principal.js';
import { retryOnConflict } from './retry.on-conflict.js';
import { PodWriter } from './pod.writer.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxGrants } from './sandbox.grants.js';

/** How often a pod that others write at the same time is tried. */
const ATTEMPTS = 20;

/** Changes a sandbox: the caller's own labels, and for how long it is granted. */
@Injectable()
export class SandboxUpdater {
  constructor(
    private readonly finder: SandboxFinder,
    private readonly writer: PodWriter,
    private readonly grants: SandboxGrants,
  ) {}

  /**
   * Sets the given labels, and removes those whose value is null; the others stay. Renews what is granted.
   *
   * @throws ProblemError as SandboxFinder.findAllocated and PodWriter.patchMetadata, invalid_request beyond 32 labels or the longest
   *   lifetime, and conflict where others write it all the time
   */
  async update(
    principal: Principal,
    runtime: string,
    name: string,
    { labels = {}, ...grant }: UpdateSandboxDto,
  ): Promise<Pod> {
    const annotations = this.grants.renewed(grant);
    const pod = await this.finder.findAllocated(principal, runtime, name);
    const write = async (newest: Pod): Promise<Pod> => {
      checkCount(newest, labels);
      if (Object.keys({ ...labels, ...annotations }).length === 0) return newest;
      return this.writer.patchMetadata(newest, { labels, annotations }, { onlyUnchanged: true });
    };
    return retryOnConflict(pod, {
      write,
      newest: () => this.finder.findNewest(principal, runtime, name),
      attempts: ATTEMPTS,
    });
  }
}

function checkCount(pod: Pod, labels: Record<string, string | null>): void {
  const count = Object.values({ ...callersLabels(pod), ...labels }).filter((value) => value !== null).length;
  if (count <= LABELS_MAX) return;
  const detail = `the sandbox would have ${count} labels; ${LABELS_MAX} are allowed`;
  throw invalidRequest([{ pointer: '/labels', detail }]);
}
