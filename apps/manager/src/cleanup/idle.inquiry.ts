import { Inject, Injectable } from '@nestjs/common';
import type { ProblemCode } from '@warmbox/contracts';
import { Deadline, MEDIA, ProblemError, type Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ExecutorClient, type ExecutorRequest } from '../executors/executor.client.js';
import { CLOCK } from '../kube/kube.module.js';

/** How long an executor may take for an answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 5_000;

/** How long all that it is asked at a time may take, in milliseconds, however slowly it goes on answering. */
const INQUIRY_TIMEOUT_MS = 10_000;

/** What says that there is no executor that answers. */
const NO_ANSWER: readonly ProblemCode[] = ['executor_timeout', 'executor_unreachable', 'not_ready'];

/** `sealed`: it takes no new work for 30 s, in which it can be deleted. */
export type IdleAnswer = { state: 'sealed' } | { state: 'active'; idleSeconds: number } | { state: 'unanswered' };

/** Asks executors whether their sandboxes are idle, and tells them what they have to know. */
@Injectable()
export class IdleInquiry {
  constructor(
    private readonly client: ExecutorClient,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Seals a sandbox that has been idle for so long; of another, for how long it has been idle.
   *
   * @throws ProblemError where the executor is not to blame, sandbox_gone and kubernetes_unavailable for example; the signal's
   *   reason
   */
  async ask(pod: Pod, idleSeconds: number, signal: AbortSignal): Promise<IdleAnswer> {
    try {
      return await this.inTime(signal, (inTime) => this.sealOrActivity(pod, idleSeconds, inTime));
    } catch (error) {
      if (error instanceof ProblemError && NO_ANSWER.includes(error.code)) return { state: 'unanswered' };
      throw error;
    }
  }

  /**
   * Tells the streams of a sandbox that its lifetime ends.
   *
   * @param expiresAt milliseconds since the epoch.
   * @throws ProblemError as `ask`, and where the executor does not answer; the signal's reason
   */
  async warn(pod: Pod, expiresAt: number, signal: AbortSignal): Promise<void> {
    const notice = { expiresAt: new Date(expiresAt).toISOString() };
    await this.inTime(signal, (inTime) => this.client.ask(pod, request('POST', '/api/notice', notice), inTime));
  }

  private async sealOrActivity(pod: Pod, idleSeconds: number, signal: AbortSignal): Promise<IdleAnswer> {
    try {
      await this.client.ask(pod, request('POST', '/api/seal', { idleSeconds }), signal);
      return { state: 'sealed' };
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'conflict')) throw error;
    }
    const idle = idleSecondsOf(await this.client.ask(pod, request('GET', '/api/activity'), signal));
    return idle === undefined ? { state: 'unanswered' } : { state: 'active', idleSeconds: idle };
  }

  /** @throws ProblemError executor_timeout where the time is up first */
  private async inTime<Result>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const deadline = new Deadline(INQUIRY_TIMEOUT_MS, this.clock, signal);
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
}

function request(method: 'GET' | 'POST', path: string, body?: object): ExecutorRequest & { bodyTimeoutMs: number } {
  return {
    method,
    path,
    headers: {},
    media: MEDIA.json,
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
