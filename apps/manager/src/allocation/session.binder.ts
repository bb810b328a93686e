import { Inject, Injectable } from '@nestjs/common';
import { MEDIA, ProblemError, Shutdown } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ofStatus } from '../executors/executor.answer.js';
import { ExecutorClient } from '../executors/executor.client.js';
import { hasVariables } from '../sandboxes/sandbox.planner.js';

/** An executor stores the variables, and no more. */
const TIMEOUT_MS = 5_000;
/** What is asked only to see whether an executor can be reached is answered at once. */
const PROBE_TIMEOUT_MS = 2_000;

/** Gives the variables of its new owner to a sandbox that was started without any. */
@Injectable()
export class SessionBinder {
  /** Whether the last executor that was to be given variables did not answer. */
  private isInDoubt = false;

  constructor(
    @Inject(ExecutorClient) private readonly executors: Pick<ExecutorClient, 'ask'>,
    private readonly shutdown: Shutdown,
  ) {}

  /**
   * Gives a sandbox its variables, or gives them again, if there are any.
   *
   * @throws ProblemError as ExecutorClient.ask, where the sandbox does not have them for certain; shutting_down where this manager ends
   */
  async bind(pod: Pod, environmentVariables: Record<string, string> | undefined): Promise<void> {
    if (!hasVariables({ environmentVariables })) return;
    await this.send(pod, {
      method: 'PUT',
      path: '/api/environment',
      body: JSON.stringify({ environmentVariables }),
      timeoutMs: TIMEOUT_MS,
    });
  }

  /**
   * Asks whether the executor of a sandbox can be reached that is to have variables. That is asked only where the last one that
   * was to have some did not answer: it may have been dead, or this manager may have no route to any, and must not use up the pool
   * in order to find that out.
   *
   * @throws ProblemError as ExecutorClient.ask
   */
  async checkRoute(pod: Pod, environmentVariables: Record<string, string> | undefined): Promise<void> {
    if (!this.isInDoubt || !hasVariables({ environmentVariables })) return;
    await this.send(pod, { method: 'GET', path: '/api/activity', timeoutMs: PROBE_TIMEOUT_MS });
  }

  private async send(
    pod: Pod,
    { timeoutMs, ...what }: { method: 'GET' | 'PUT'; path: string; body?: string; timeoutMs: number },
  ): Promise<void> {
    const { signal } = this.shutdown;
    const request = {
      ...what,
      headers: {},
      media: MEDIA.json,
      accepts: ofStatus(200, 204),
      headTimeoutMs: timeoutMs,
      silenceTimeoutMs: timeoutMs,
      bodyTimeoutMs: timeoutMs,
    };
    try {
      await this.executors.ask(pod, request, signal);
      this.isInDoubt = false;
    } catch (error) {
      if (!signal.aborted) this.isInDoubt = isUnanswered(error);
      throw error;
    }
  }
}

/** Whether no answer came, rather than one that refuses. */
function isUnanswered(error: unknown): boolean {
  return (
    error instanceof ProblemError &&
    (error.code === 'executor_unreachable' || error.code === 'executor_timeout' || error.code === 'not_ready')
  );
}
