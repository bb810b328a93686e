import { Inject, Injectable } from '@nestjs/common';
import {
  createOnce,
  KubeApiError,
  KubeClient,
  kubeProblem,
  PODS,
  PodStore,
  quotaRefusal,
  type QuotaRefusal,
} from '@warmbox/kube';
import { Backoff, ProblemError, type Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { QUOTA_NAME } from '../limit/sandbox.quota.js';

/** How long a creation goes on against others that write the same quota, in milliseconds. */
const CONTENTION_TIMEOUT_MS = 20_000;

/** Seconds until a client may try again: another quota may have room soon, a refused pod needs people. */
const FOREIGN_QUOTA_RETRY_SECONDS = 5;
const REFUSED_POD_RETRY_SECONDS = 30;

/** The writes to sandboxes' pods. Every answer goes into the store, so that this manager at once knows its own writes. */
@Injectable()
export class PodWriter {
  constructor(
    private readonly client: KubeClient,
    private readonly store: PodStore,
    private readonly limit: SandboxLimit,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Creates a pod if the limit allows it.
   *
   * @throws ProblemError limit_reached, quota_exceeded, not_synced, kubernetes_unavailable
   */
  async create(pod: Pod): Promise<Pod> {
    const place = this.limit.take();
    try {
      const created = await this.createAgainstContention(pod);
      this.store.put(created);
      return created;
    } finally {
      place.release();
    }
  }

  /**
   * Sets labels, and removes those whose value is null.
   *
   * @throws ProblemError sandbox_not_found where the pod is gone, kubernetes_unavailable
   */
  async patchLabels(pod: Pod, labels: Record<string, string | null>): Promise<Pod> {
    // The uid makes it a precondition: a pod of the same name that came later is another sandbox.
    const patch = { metadata: { uid: pod.metadata?.uid, labels } };
    try {
      const patched = await this.client.patchMerge(PODS, this.keyOf(pod), patch);
      this.store.put(patched);
      return patched;
    } catch (error) {
      if (!isGone(error)) throw kubeProblem(error);
      throw new ProblemError('sandbox_not_found', `Sandbox ${pod.metadata?.name ?? ''} is gone.`, { cause: error });
    }
  }

  /**
   * Deletes this very pod, gracefully; one that is gone already counts as deleted.
   *
   * @throws ProblemError kubernetes_unavailable
   */
  async delete(pod: Pod): Promise<void> {
    try {
      const answer = await this.client.delete(PODS, this.keyOf(pod), { preconditions: { uid: pod.metadata?.uid } });
      if (answer.kind === 'Pod') this.store.put(answer as Pod);
    } catch (error) {
      if (!isGone(error)) throw kubeProblem(error);
    }
  }

  /** Many creations at once write one quota: the API server refuses some of them with 409, which only means "again". */
  private async createAgainstContention(pod: Pod): Promise<Pod> {
    const backoff = new Backoff({ initialMs: 20, maxMs: 500 });
    const giveUpAt = this.clock.monotonic() + CONTENTION_TIMEOUT_MS;
    for (;;) {
      try {
        return await createOnce(this.client, PODS, this.options.targetNamespace, pod, this.clock);
      } catch (error) {
        const refusal = quotaRefusal(error, QUOTA_NAME);
        if (refusal !== 'contention' || this.clock.monotonic() > giveUpAt) throw this.refusalProblem(refusal, error);
        await this.clock.sleep(backoff.next());
      }
    }
  }

  private refusalProblem(refusal: QuotaRefusal | undefined, error: unknown): ProblemError {
    switch (refusal) {
      case 'own':
        return this.limit.reached();
      case 'foreign':
        return new ProblemError(
          'quota_exceeded',
          'Another resource quota of the namespace leaves no room for this sandbox.',
          {
            retryAfterSeconds: FOREIGN_QUOTA_RETRY_SECONDS,
            cause: error,
          },
        );
      case 'unknown':
        return new ProblemError('not_synced', 'A resource quota of the namespace is not in force yet; try again.', {
          cause: error,
        });
      case 'contention':
        return new ProblemError('kubernetes_unavailable', 'Too many sandboxes are being created at once; try again.', {
          cause: error,
        });
      case undefined:
        return creationProblem(error, this.options.targetNamespace);
    }
  }

  private keyOf(pod: Pod): { namespace: string; name: string } {
    return { namespace: this.options.targetNamespace, name: pod.metadata?.name ?? '' };
  }
}

/** Not found, or a conflict with the uid: the name now is another pod's, so this one is gone. */
function isGone(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 404 || error.status === 409);
}

/** A refused creation that no quota refused. The client can do nothing about it; whoever runs the manager can. */
function creationProblem(error: unknown, namespace: string): ProblemError {
  const status = error instanceof KubeApiError ? error.status : undefined;
  const why =
    status === 404
      ? `namespace ${namespace} does not exist`
      : 'the role of the manager (RBAC), Pod Security or the runtime class has to be put right; the log says which';
  return status === 404 || status === 403
    ? new ProblemError('kubernetes_unavailable', `The Kubernetes API refuses the pod (${status}): ${why}.`, {
        retryAfterSeconds: REFUSED_POD_RETRY_SECONDS,
        cause: error,
      })
    : kubeProblem(error);
}
