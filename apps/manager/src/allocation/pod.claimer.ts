import { Inject, Injectable, Logger } from '@nestjs/common';
import { KubeApiError, KubeClient, kubeProblem, KubeUnreachableError, PODS, PodStore } from '@warmbox/kube';
import { ProblemError, retry, Shutdown, type Clock } from '@warmbox/platform';
import {
  ANNOTATION,
  claimPatch,
  isReady,
  isTerminating,
  nameOf,
  poolOf,
  uidOf,
  type Claim,
  type Pod,
} from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import type { AttemptHandle } from '../idempotency/attempt.handle.js';
import { CLOCK } from '../kube/kube.module.js';
import { PodWriter } from '../sandboxes/pod.writer.js';
import { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import { ATTRIBUTE, inSpan } from '../tracing/spans.js';

/** Milliseconds after which a request of a claim counts as unanswered; a claim takes a few. */
const TIMEOUT_MS = 3_000;
/** How often one claim is sent, and how often an unknown outcome is looked into while the caller waits. */
const SENDS = 3;
const LOOKS = 3;
const DELAYS = { initialMs: 50, maxMs: 1_000 };
/** How an outcome is looked into once its caller has been refused, in milliseconds; until it is known. */
const LATER_DELAYS = { initialMs: 500, maxMs: 15_000 };

/**
 * Claims one warm pod by one atomic write. Whatever happens to that write, its outcome is known before anything is said:
 * claimed, lost, or, where the API server does not answer at all, an error; then it is looked into until it is known, and
 * what turns out to be claimed for nobody is deleted.
 */
@Injectable()
export class PodClaimer {
  private readonly logger = new Logger(PodClaimer.name);

  constructor(
    @Inject(KubeClient) private readonly client: Pick<KubeClient, 'get' | 'patchJson'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'put'>,
    @Inject(PodWriter) private readonly writer: Pick<PodWriter, 'delete'>,
    @Inject(SandboxEnder) private readonly ender: Pick<SandboxEnder, 'discard' | 'end'>,
    private readonly options: ManagerOptions,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @param attempt of a request with an idempotency key: it is told before a claimed pod is deleted, and whatever cannot be found out is
   *   left to its retry.
   * @returns the pod as it is now, ours, Ready and not being deleted; undefined where it is not to be had: take another one.
   * @throws SupersededError as AttemptHandle.exclude; ProblemError internal where the claim itself is at fault; kubernetes_unavailable where the outcome cannot be got.
   */
  claim(pod: Pod, claim: Claim, attempt?: AttemptHandle): Promise<Pod | undefined> {
    return inSpan('claim', { [ATTRIBUTE.sandbox]: nameOf(pod) }, async (span) => {
      const claimed = await this.tryClaim(pod, claim, attempt);
      span.setAttribute('warmbox.claimed', claimed !== undefined);
      return claimed;
    });
  }

  private async tryClaim(pod: Pod, claim: Claim, attempt?: AttemptHandle): Promise<Pod | undefined> {
    const patch = claimPatch(uidOf(pod), claim);
    const send = (): Promise<Pod> => this.client.patchJson(PODS, this.keyOf(pod), patch, { timeoutMs: TIMEOUT_MS });
    const verdicts = new Set<ClaimVerdict>();
    const when = (error: unknown): boolean => {
      const verdict = claimVerdict(error);
      verdicts.add(verdict);
      return verdict === 'unknown' || verdict === 'refused' || (verdict === 'contended' && verdicts.has('unknown'));
    };
    let claimed: Pod;
    try {
      claimed = await retry(send, { attempts: SENDS, delays: DELAYS, clock: this.clock, when });
    } catch (error) {
      const verdict = claimVerdict(error);
      // Nobody else can have claimed it with our id: an earlier send may have succeeded in silence.
      if (verdicts.has('unknown')) return await this.settle(pod, claim, attempt);
      if (verdict === 'mistaken') throw mistake(error);
      if (verdict === 'lost' || verdict === 'contended') return undefined;
      throw kubeProblem(error);
    }
    return this.lookAgain(claimed, attempt);
  }

  /** What was claimed may have begun to die at the same moment: it is nobody's use, and goes. */
  private async lookAgain(pod: Pod, attempt?: AttemptHandle): Promise<Pod | undefined> {
    this.store.put(pod);
    if (isReady(pod)) return pod;
    if (!isTerminating(pod)) {
      await attempt?.exclude(pod);
      await this.ender.discard(pod);
    }
    return undefined;
  }

  /** Finds out whether a claim succeeded whose answers did not come; makes sure that it will not where it has not. */
  private async settle(pod: Pod, claim: Claim, attempt?: AttemptHandle): Promise<Pod | undefined> {
    let ours: Pod | undefined;
    try {
      ours = await retry(() => this.lookInto(pod, claim), { attempts: LOOKS, delays: DELAYS, clock: this.clock });
    } catch (error) {
      // A retry of the request finds what is claimed for it by its label; what nobody asks for again ends as idle.
      if (attempt === undefined) void this.settleLater(pod, claim);
      else attempt.leaveForRetry();
      throw kubeProblem(error);
    }
    return ours && this.lookAgain(ours, attempt);
  }

  /** One GET: ours, another's or gone. Still warm it may become ours yet, by a write that is on its way: it is deleted. */
  private async lookInto(pod: Pod, { claimId }: Claim): Promise<Pod | undefined> {
    for (;;) {
      const now = await this.getSame(pod);
      if (now === undefined || isTerminating(now)) return undefined;
      if (now.metadata?.annotations?.[ANNOTATION.claimId] === claimId) return now;
      if (poolOf(now) !== 'warm') return undefined;
      // Only as it was seen: if it is claimed in between, by whomever, it is looked at again.
      if (await this.deleteUnchanged(now)) return undefined;
    }
  }

  private async getSame(pod: Pod): Promise<Pod | undefined> {
    try {
      const now = await this.client.get(PODS, this.keyOf(pod), { timeoutMs: TIMEOUT_MS });
      return uidOf(now) === uidOf(pod) ? now : undefined;
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  private async deleteUnchanged(pod: Pod): Promise<boolean> {
    try {
      await this.writer.delete(pod, { onlyUnchanged: true });
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'conflict') return false;
      throw error;
    }
  }

  /** The caller was refused: what turns out to be ours is nobody's. */
  private async settleLater(pod: Pod, claim: Claim): Promise<void> {
    const settle = async (): Promise<void> => {
      const ours = await this.lookInto(pod, claim);
      if (ours !== undefined) await this.ender.end(ours, 'discarded');
    };
    try {
      await retry(settle, { delays: LATER_DELAYS, clock: this.clock, signal: this.shutdown.signal });
    } catch {
      this.logger.warn({ sandbox: nameOf(pod) }, 'whether this sandbox was claimed for nobody is not known');
    }
  }

  private keyOf(pod: Pod): { namespace: string; name: string } {
    return { namespace: this.options.targetNamespace, name: nameOf(pod) };
  }
}

function mistake(cause: unknown): ProblemError {
  return new ProblemError('internal', 'The sandbox could not be claimed; the logs have it under the request id.', {
    cause,
  });
}

/**
 * What a claim's failure says. `lost`: the pod is another's, is being deleted or gone, for good. `contended`: this once the API
 * server could not write it. `mistaken`: no claim like this one can succeed. `refused`: certainly not carried out, whatever the
 * pod. `unknown`: it may have been carried out.
 */
export type ClaimVerdict = 'lost' | 'contended' | 'mistaken' | 'refused' | 'unknown';

/** What an error of a claim patch says. What is no error of the Kubernetes API is thrown as it is. */
export function claimVerdict(error: unknown): ClaimVerdict {
  if (error instanceof KubeUnreachableError) return error.mayHaveHappened ? 'unknown' : 'refused';
  if (!(error instanceof KubeApiError)) throw error;
  const { status, fields } = error;
  if (status === 404) return 'lost';
  if (status === 409) return 'contended';
  // A `test` that failed names no field; a field that is named is at fault in the patch itself.
  if (status === 422) return fields.length === 0 ? 'lost' : 'mistaken';
  if (status === 401 || status === 403 || status === 429) return 'refused';
  return status >= 500 ? 'unknown' : 'mistaken';
}
