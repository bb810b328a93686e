import { Injectable } from '@nestjs/common';
import { LABELS_MAX } from '@warmbox/contracts';
import { invalidRequest, ProblemError } from '@warmbox/platform';
import { callersLabels, type Pod } from '@warmbox/sandbox';
import { PodWriter } from './pod.writer.js';
import { SandboxFinder } from './sandbox.finder.js';

/** How often a pod that others write at the same time is tried. */
const ATTEMPTS = 20;

/** Changes the caller's own labels of a sandbox. */
@Injectable()
export class SandboxLabeller {
  constructor(
    private readonly finder: SandboxFinder,
    private readonly writer: PodWriter,
  ) {}

  /**
   * Sets the given labels, and removes those whose value is null; the others stay.
   *
   * @throws ProblemError as SandboxFinder.findAllocated and PodWriter.patchLabels, invalid_request beyond 32 labels, and conflict where
   *   others write it all the time
   */
  async update(runtime: string, name: string, labels: Record<string, string | null>): Promise<Pod> {
    let pod = await this.finder.findAllocated(runtime, name);
    for (let attempt = 1; ; attempt += 1) {
      checkCount(pod, labels);
      try {
        return Object.keys(labels).length === 0 ? pod : await this.writer.patchLabels(pod, labels);
      } catch (error) {
        // A kubelet's status or another request came between; what was checked must be checked again.
        if (!(error instanceof ProblemError) || error.code !== 'conflict' || attempt === ATTEMPTS) throw error;
        pod = await this.finder.findNewest(runtime, name);
      }
    }
  }
}

function checkCount(pod: Pod, labels: Record<string, string | null>): void {
  const count = Object.values({ ...callersLabels(pod), ...labels }).filter((value) => value !== null).length;
  if (count <= LABELS_MAX) return;
  const detail = `the sandbox would have ${count} labels; ${LABELS_MAX} are allowed`;
  throw invalidRequest([{ pointer: '/labels', detail }]);
}
