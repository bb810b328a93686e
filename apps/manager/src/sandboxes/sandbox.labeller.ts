import { Injectable } from '@nestjs/common';
import { LABELS_MAX } from '@warmbox/contracts';
import { invalidRequest } from '@warmbox/platform';
import { callersLabels, type Pod } from '@warmbox/sandbox';
import { PodWriter } from './pod.writer.js';
import { SandboxFinder } from './sandbox.finder.js';

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
   * @throws ProblemError as SandboxFinder.findAllocated and PodWriter.patchLabels, and invalid_request beyond 32 labels
   */
  async update(runtime: string, name: string, labels: Record<string, string | null>): Promise<Pod> {
    const pod = await this.finder.findAllocated(runtime, name);
    const merged = Object.values({ ...callersLabels(pod), ...labels }).filter((value) => value !== null);
    if (merged.length > LABELS_MAX) {
      throw invalidRequest([
        { pointer: '/labels', detail: `the sandbox would have ${merged.length} labels; ${LABELS_MAX} are allowed` },
      ]);
    }
    return Object.keys(labels).length === 0 ? pod : this.writer.patchLabels(pod, labels);
  }
}
