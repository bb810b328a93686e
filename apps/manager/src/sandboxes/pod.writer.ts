import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  createOnce,
  KubeApiError,
  KubeClient,
  kubeProblem,
  PODS,
  PodStore,
  quotaRefusal,
  type QuotaRefusal,
  isUnknownOutcome,
} from '@warmbox/kube';
import { Backoff, ProblemError, type Clock } from '@warmbox/platform';
import { executorToken, type Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { QUOTA_NAME } from '../limit/sandbox.quota.js';

/** How long a creation goes on against others that write the same quota, in milliseconds. */
const CONTENTION_TIMEOUT_MS = 20_000;

/** How long a pod that may have been created is looked for, in milliseconds. */
const DISOWN_TIMEOUT_MS = 600_000;

/** Seconds until a client may try again: another quota may have room soon, a refused pod needs people. */
const FOREIGN_QUOTA_RETRY_SECONDS = 5;
const REFUSED_POD_RETRY_SECONDS = 30;

/** The writes to sandboxes' pods. Every answer goes into the store, so that this manager at once knows its own writes. */
@Injectable()
export class PodWriter {
  private readonly logger = new Logger(PodWriter.name);

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
   * Sets labels, and removes those whose value is null, if the pod is still as it was given: what was checked holds.
   *
   * @throws ProblemError conflict where it was written since, sandbox_not_found where it is gone, kubernetes_unavailable
   */
  async patchLabels(pod: Pod, labels: Record<string, string | null>): Promise<Pod> {
    const { uid, resourceVersion } = pod.metadata ?? {};
    try {
      const patched = await this.client.patchMerge(PODS, this.keyOf(pod), {
        metadata: { uid, resourceVersion, labels },
      });
      this.store.put(patched);
      return patched;
    } catch (error) {
      const status = error instanceof KubeApiError ? error.status : undefined;
      const name = pod.metadata?.name ?? '';
      if (status === 404) throw new ProblemError('sandbox_not_found', `Sandbox ${name} is gone.`, { cause: error });
      if (status === 409)
        throw new ProblemError('conflict', `Sandbox ${name} has changed meanwhile.`, { cause: error });
      throw kubeProblem(error);
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
        if (isUnknownOutcome(error)) void this.disown(pod);
        if (refusal !== 'contention' || this.clock.monotonic() > giveUpAt) throw this.refusalProblem(refusal, error);
        await this.clock.sleep(backoff.next());
      }
    }
  }

  /**
   * Sees to it that a pod which nobody was told of does not stay: its creation had an unknown outcome, so it is deleted if it
   * turns up. Should this manager end before the API server can be asked, the pod stays.
   */
  private async disown(pod: Pod): Promise<void> {
    const backoff = new Backoff({ initialMs: 500, maxMs: 15_000 });
    const giveUpAt = this.clock.monotonic() + DISOWN_TIMEOUT_MS;
    while (this.clock.monotonic() < giveUpAt) {
      await this.clock.sleep(backoff.next());
      try {
        const found = await this.client.get(PODS, this.keyOf(pod));
        // Only the very pod that was sent has its token.
        if (executorToken(found) !== executorToken(pod)) return;
        await this.client.delete(PODS, this.keyOf(pod), { preconditions: { uid: found.metadata?.uid } });
        this.logger.warn({ sandbox: pod.metadata?.name }, 'a sandbox whose creation had no answer was removed');
        return;
      } catch (error) {
        if (isGone(error)) return;
      }
    }
    this.logger.error({ sandbox: pod.metadata?.name }, 'a sandbox whose creation had no answer may be left behind');
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
