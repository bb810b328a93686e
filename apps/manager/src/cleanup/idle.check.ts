import { Inject, Injectable } from '@nestjs/common';
import type { ProblemCode } from '@warmbox/contracts';
import { PodStore } from '@warmbox/kube';
import { Backoff, Deadline, MEDIA, ProblemError, type Clock } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { ofStatus } from '../executors/executor.answer.js';
import { ExecutorClient, type ExecutorRequest } from '../executors/executor.client.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import type { Progress } from './cleanup.plan.js';
import { afterFailure } from './failed.probes.js';
import type { WatchedPod } from './watched.pod.js';

/** How long an executor may take for an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** How long all that it is asked at a time may take, in milliseconds, however slowly it goes on answering. */
const CHECK_TIMEOUT_MS = 10_000;

/** What says that there is no executor that answers. */
const NO_ANSWER: readonly ProblemCode[] = ['executor_timeout', 'executor_unreachable', 'not_ready'];

/** Between two questions to an executor that does not answer, in milliseconds: three of them make 30 s. */
const REPEAT_MS = 15_000;

/** An answer after which the sandbox is idle in so many milliseconds, or was already, is only believed a few times in a row. */
const SOON_MS = 1_000;

/** Until the next question after such an answer, in milliseconds: its executor may be in the hands of its guest. */
const DOUBTS = { initialMs: 300, maxMs: 30_000 };

/** How long after it was asked for a seal is relied on, in milliseconds: the deletion must be over before it lapses after 30 s. */
const SEAL_MS = 15_000;

/** What an executor says; undefined where it says nothing. While it is sealed, for 30 s, it takes no new work. */
type Answer = 'sealed' | { idleSeconds: number } | undefined;

/** What is remembered of a pod's earlier answers. */
type Remembered = Pick<WatchedPod, 'failedProbes' | 'doubts'>;

/** What a question to an executor came to. */
export interface IdleVerdict {
  /** It is idle and sealed: its deletion may be sent until this time of the monotonic clock, in milliseconds. */
  sendBefore?: number;
  /** What is to be remembered of it. */
  progress: Pick<Progress, 'failedProbes' | 'activeAt' | 'askAt'>;
}

/** Asks executors whether their sandboxes are idle, and draws the conclusions; tells them what they have to know. */
@Injectable()
export class IdleCheck {
  constructor(
    @Inject(ExecutorClient) private readonly client: Pick<ExecutorClient, 'ask'>,
    @Inject(SandboxStamper) private readonly stamper: Pick<SandboxStamper, 'stamp'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'get'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Seals a sandbox that has been idle for so long; of another it learns for how long it has been idle.
   *
   * @throws ProblemError where the executor is not to blame, sandbox_gone and kubernetes_unavailable for example; the signal's
   *   reason
   */
  async check(pod: Pod, idleTimeoutSeconds: number, remembered: Remembered, signal: AbortSignal): Promise<IdleVerdict> {
    const askedAt = this.clock.now();
    const sendBefore = this.clock.monotonic() + SEAL_MS;
    const answer = await this.ask(pod, idleTimeoutSeconds, signal);
    if (answer === 'sealed') return { sendBefore, progress: { failedProbes: undefined } };
    if (answer === undefined) {
      const row = afterFailure(this.newest(pod), remembered.failedProbes, askedAt);
      return { progress: { failedProbes: row, askAt: askedAt + REPEAT_MS } };
    }
    const activeAt = this.clock.now() - answer.idleSeconds * 1000;
    this.stamper.stamp(pod, activeAt);
    const askAt = this.notBefore(remembered, activeAt + idleTimeoutSeconds * 1000);
    return { progress: { failedProbes: undefined, activeAt, askAt } };
  }

  /**
   * Tells the streams of a sandbox that its lifetime ends.
   *
   * @param expiresAt milliseconds since the epoch.
   * @throws ProblemError as `check`, and where the executor does not answer; the signal's reason
   */
  async warn(pod: Pod, expiresAt: number, signal: AbortSignal): Promise<void> {
    const notice = { expiresAt: new Date(expiresAt).toISOString() };
    await this.inTime(signal, (inTime) => this.client.ask(pod, request('POST', '/api/notice', notice), inTime));
  }

  private async ask(pod: Pod, idleSeconds: number, signal: AbortSignal): Promise<Answer> {
    try {
      return await this.inTime(signal, (inTime) => this.sealOrActivity(pod, idleSeconds, inTime));
    } catch (error) {
      if (error instanceof ProblemError && NO_ANSWER.includes(error.code)) return undefined;
      throw error;
    }
  }

  private async sealOrActivity(pod: Pod, idleSeconds: number, signal: AbortSignal): Promise<Answer> {
    try {
      await this.client.ask(pod, request('POST', '/api/seal', { idleSeconds }), signal);
      return 'sealed';
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'conflict')) throw error;
    }
    const idle = idleSecondsOf(await this.client.ask(pod, request('GET', '/api/activity'), signal));
    return idle === undefined ? undefined : { idleSeconds: idle };
  }

  /** @throws ProblemError executor_timeout where the time is up first */
  private async inTime<Result>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const deadline = new Deadline(CHECK_TIMEOUT_MS, this.clock, signal);
    try {
      return await work(deadline.signal);
    } catch (error) {
      throw deadline.passed
        ? new ProblemError('executor_timeout', 'The executor took too long for its answer.', { cause: error })
        : error;
    } finally {
      deadline.release();
    }
  }

  /** @param idleAt when it may be idle by its executor's word. */
  private notBefore(remembered: Remembered, idleAt: number): number | undefined {
    const now = this.clock.now();
    if (idleAt < now + SOON_MS) return now + (remembered.doubts ??= new Backoff(DOUBTS)).next();
    remembered.doubts = undefined;
    return undefined;
  }

  /** What came while it was asked counts: after a question without an answer the pod itself was asked for. */
  private newest(pod: Pod): Pod {
    const now = this.store.get(nameOf(pod));
    return now !== undefined && now.metadata?.uid === pod.metadata?.uid ? now : pod;
  }
}

function request(method: 'GET' | 'POST', path: string, body?: object): ExecutorRequest & { bodyTimeoutMs: number } {
  return {
    method,
    path,
    headers: {},
    media: MEDIA.json,
    accepts: ofStatus(200, 204),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headTimeoutMs: ANSWER_TIMEOUT_MS,
    silenceTimeoutMs: ANSWER_TIMEOUT_MS,
    bodyTimeoutMs: ANSWER_TIMEOUT_MS,
  };
}

/** The durations of an answer; undefined where it is none of an executor's. */
function idleSecondsOf(text: string): number | undefined {
  try {
    const { idleSeconds } = JSON.parse(text) as { idleSeconds?: unknown };
    return typeof idleSeconds === 'number' && idleSeconds >= 0 ? idleSeconds : undefined;
  } catch {
    return undefined;
  }
}
