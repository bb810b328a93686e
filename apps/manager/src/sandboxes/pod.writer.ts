import { Inject, Injectable, Logger } from '@nestjs/common';
import {
  createOnce,
  KubeApiError,
  KubeClient,
  kubeProblem,
  LeadershipLostError,
  PODS,
  PodStore,
  quotaRefusal,
  type QuotaRefusal,
  isUnknownOutcome,
} from '@warmbox/kube';
import { Backoff, ProblemError, retry, type Clock } from '@warmbox/platform';
import { executorToken, LABEL, nameOf, uidOf, type Pod, type Status } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxLimit } from '../limit/sandbox.limit.js';
import { QUOTA_NAME } from '../limit/sandbox.quota.js';

/** How long a creation goes on against others that write the same quota, in milliseconds. */
const CONTENTION_TIMEOUT_MS = 20_000;

/** How often a write is tried that conflicts with others although it minds none, and the pauses, in milliseconds. */
const CONFLICT_ATTEMPTS = 5;
const CONFLICT_DELAYS = { initialMs: 20, maxMs: 500 };

/** How long a pod that may have been created is looked for, in milliseconds. */
const UNANSWERED_TIMEOUT_MS = 600_000;
/** For how long it may still come where it is not there: its creation may be delayed on its way, in milliseconds. */
const UNANSWERED_ABSENT_MS = 60_000;

/** Seconds until a client may try again: another quota may have room soon, a refused pod needs people. */
const FOREIGN_QUOTA_RETRY_SECONDS = 5;
const REFUSED_POD_RETRY_SECONDS = 30;

/** Labels and annotations to set; null removes one. */
export interface MetadataPatch {
  labels?: Record<string, string | null>;
  annotations?: Record<string, string | null>;
}

/** How a leader writes; whoever else writes needs none of it. */
export interface WriteOptions {
  /** Called at the moment of sending, at each attempt; what it throws keeps the request back. */
  assertLeading?: () => void;
  /** Gives up a request that is under way, and whatever would follow it. */
  signal?: AbortSignal;
}

/** How a pod is deleted. */
export interface DeleteHow extends WriteOptions {
  /** Only as it was seen: one that was written since is kept. */
  onlyUnchanged?: true;
  /** Instead of the pod's own; 0 removes it without its node. */
  gracePeriodSeconds?: number;
  /** What it rests on holds no longer: nothing is sent after this time of the monotonic clock, in milliseconds. */
  sendBefore?: number;
}

/** The writes to sandboxes' pods. Every answer goes into the store, so that this manager at once knows its own writes. */
@Injectable()
export class PodWriter {
  private readonly logger = new Logger(PodWriter.name);

  constructor(
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'create' | 'delete' | 'get' | 'patchMerge'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'put'>,
    @Inject(SandboxLimit) private readonly limit: Pick<SandboxLimit, 'reached' | 'take'>,
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Creates a pod if the limit allows it.
   *
   * @throws ProblemError limit_reached, quota_exceeded, not_synced, kubernetes_unavailable; what assertLeading throws, and the
   *   signal's reason
   */
  async create(pod: Pod, leader?: WriteOptions): Promise<Pod> {
    const slot = this.limit.take();
    try {
      const created = await this.createAgainstContention(pod, leader);
      this.store.put(created);
      return created;
    } finally {
      slot.release();
    }
  }

  /**
   * Sets labels and annotations, and removes those whose value is null; with `onlyUnchanged` only if the pod is still as it was
   * given, so that what was checked holds.
   *
   * @throws ProblemError conflict where it has changed, sandbox_gone where it is gone, kubernetes_unavailable
   */
  async patchMetadata(
    pod: Pod,
    metadata: MetadataPatch,
    { onlyUnchanged = false }: { onlyUnchanged?: boolean } = {},
  ): Promise<Pod> {
    // The uid makes it a precondition: a pod of the same name that came later is another sandbox.
    const { uid, resourceVersion } = pod.metadata ?? {};
    const patch = { metadata: { uid, ...(onlyUnchanged ? { resourceVersion } : {}), ...metadata } };
    try {
      const send = (): Promise<Pod> => this.client.patchMerge(PODS, this.keyOf(pod), patch);
      const patched = onlyUnchanged ? await send() : await this.inSpiteOfConflicts(pod, send);
      this.store.put(patched);
      return patched;
    } catch (error) {
      const name = nameOf(pod);
      if (isConflict(error) && onlyUnchanged) {
        throw new ProblemError('conflict', `Sandbox ${name} has changed meanwhile.`, { cause: error });
      }
      if (!isGone(error)) throw kubeProblem(error);
      throw new ProblemError('sandbox_gone', `Sandbox ${name} is gone.`, { cause: error });
    }
  }

  /**
   * Deletes this very pod, gracefully; one that is gone already is no error. With `onlyUnchanged` only as it was seen: one
   * that was written since (claimed, for example) is kept.
   *
   * @returns whether it was this request that the API server deleted it by; of many managers that find a dead pod one gets that answer.
   * @throws ProblemError conflict where onlyUnchanged keeps it or sendBefore has passed, kubernetes_unavailable; what assertLeading
   *   throws
   */
  async delete(
    pod: Pod,
    { assertLeading, signal, onlyUnchanged, gracePeriodSeconds, sendBefore = Infinity }: DeleteHow = {},
  ): Promise<boolean> {
    const { uid, resourceVersion } = pod.metadata ?? {};
    const beforeSend = (): void => {
      assertLeading?.();
      if (this.clock.monotonic() < sendBefore) return;
      throw new ProblemError('conflict', `Sandbox ${nameOf(pod)} may have changed: it is too late.`);
    };
    const preconditions = onlyUnchanged ? { uid, resourceVersion } : { uid };
    try {
      const body = { preconditions, gracePeriodSeconds };
      const send = (): Promise<Pod | Status> => this.client.delete(PODS, this.keyOf(pod), body, { beforeSend, signal });
      const answer = onlyUnchanged ? await send() : await this.inSpiteOfConflicts(pod, send, signal);
      if (answer.kind === 'Pod') this.store.put(answer as Pod);
      return true;
    } catch (error) {
      if (error instanceof LeadershipLostError) throw error;
      if (onlyUnchanged && isConflict(error)) {
        throw new ProblemError('conflict', `Sandbox ${nameOf(pod)} has changed.`, { cause: error });
      }
      if (!isGone(error)) throw kubeProblem(error);
      return false;
    }
  }

  /**
   * A write whose only precondition is the pod's uid. A conflict then means that the name is another pod's now, or that the API
   * server gave up against other writers: one GET tells which, and against writers it is tried again.
   *
   * @throws the conflict where this pod is gone; ProblemError kubernetes_unavailable where it lives and conflicts go on
   */
  private async inSpiteOfConflicts<T>(pod: Pod, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const when = async (error: unknown, attempt: number): Promise<boolean> => {
      if (!isConflict(error)) return false;
      const now = await this.client.get(PODS, this.keyOf(pod), { signal });
      if (uidOf(now) !== uidOf(pod)) return false;
      if (attempt < CONFLICT_ATTEMPTS) return true;
      const detail = `The Kubernetes API refuses to change sandbox ${nameOf(pod)} now; try again.`;
      throw new ProblemError('kubernetes_unavailable', detail, { retryAfterSeconds: 1, cause: error });
    };
    return retry(send, { delays: CONFLICT_DELAYS, clock: this.clock, signal, when });
  }

  /** Many creations at once write one quota: the API server refuses some of them with 409, which only means "again". */
  private async createAgainstContention(pod: Pod, leader?: WriteOptions): Promise<Pod> {
    const { assertLeading: beforeSend, signal } = leader ?? {};
    const { targetNamespace } = this.options;
    const create = (): Promise<Pod> =>
      createOnce(this.client, PODS, targetNamespace, pod, this.clock, { beforeSend, signal });
    const giveUpAt = this.clock.monotonic() + CONTENTION_TIMEOUT_MS;
    const when = (error: unknown): boolean =>
      quotaRefusal(error, QUOTA_NAME) === 'contention' && this.clock.monotonic() <= giveUpAt;
    try {
      return await retry(create, { delays: CONFLICT_DELAYS, clock: this.clock, signal, when });
    } catch (error) {
      if (error instanceof LeadershipLostError || (signal?.aborted && error === signal.reason)) throw error;
      // A leader's is a warm pod whenever it turns up: counted, handed out or removed as a surplus like any other, by
      // whoever leads then. It may be somebody's already.
      // One of a request with an idempotency key is left to its retry, which finds it by its label.
      const isAwaited = leader !== undefined || pod.metadata?.labels?.[LABEL.request] !== undefined;
      if (isUnknownOutcome(error) && !isAwaited) void this.deleteIfCreated(pod);
      throw this.refusalProblem(quotaRefusal(error, QUOTA_NAME), error);
    }
  }

  /**
   * Sees to it that a pod which nobody was told of does not stay: its creation had an unknown outcome, so it is deleted if it
   * turns up within a minute, or later where the API server cannot be asked before. Should this manager end before that, the pod
   * stays.
   */
  private async deleteIfCreated(pod: Pod): Promise<void> {
    const backoff = new Backoff({ initialMs: 500, maxMs: 15_000 });
    const startedAt = this.clock.monotonic();
    while (this.clock.monotonic() - startedAt < UNANSWERED_TIMEOUT_MS) {
      await this.clock.sleep(backoff.next());
      try {
        const found = await this.client.get(PODS, this.keyOf(pod));
        // Only the very pod that was sent has its token.
        if (executorToken(found) !== executorToken(pod)) return;
        await this.client.delete(PODS, this.keyOf(pod), { preconditions: { uid: found.metadata?.uid } });
        this.logger.warn({ sandbox: nameOf(pod) }, 'a sandbox whose creation had no answer was removed');
        return;
      } catch (error) {
        const isAbsent = error instanceof KubeApiError && error.status === 404;
        if (isAbsent && this.clock.monotonic() - startedAt >= UNANSWERED_ABSENT_MS) return;
      }
    }
    this.logger.error({ sandbox: nameOf(pod) }, 'a sandbox whose creation had no answer may be left behind');
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
    return { namespace: this.options.targetNamespace, name: nameOf(pod) };
  }
}

function isConflict(error: unknown): error is KubeApiError {
  return error instanceof KubeApiError && error.status === 409;
}

/** Not found, or a conflict with the uid: the name now is another pod's, so this one is gone. */
function isGone(error: unknown): boolean {
  return isConflict(error) || (error instanceof KubeApiError && error.status === 404);
}

/** A refused creation that no quota refused. The client can do nothing about it; whoever runs the manager can. */
function creationProblem(error: unknown, namespace: string): ProblemError {
  const status = error instanceof KubeApiError ? error.status : undefined;
  const why =
    status === 404
      ? `namespace ${namespace} does not exist (kubectl create namespace ${namespace})`
      : 'the role of the manager (RBAC), Pod Security or the runtime class has to be put right; the log says which';
  return status === 404 || status === 403
    ? new ProblemError('kubernetes_unavailable', `The Kubernetes API refuses the pod (${status}): ${why}.`, {
        retryAfterSeconds: REFUSED_POD_RETRY_SECONDS,
        cause: error,
      })
    : kubeProblem(error);
}
