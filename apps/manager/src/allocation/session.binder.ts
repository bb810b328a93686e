import { Injectable } from '@nestjs/common';
import { MEDIA, ProblemError, Shutdown } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { ExecutorClient } from '../executors/executor.client.js';

/** An executor stores the variables, and no more. */
const TIMEOUT_MS = 5_000;
/** What is asked only to see whether an executor can be reached is answered at once. */
const PROBE_TIMEOUT_MS = 2_000;

/** Gives the variables of its new owner to a sandbox that was started without any. */
@Injectable()
export class SessionBinder {
  private doubts = false;

  constructor(
    private readonly executors: ExecutorClient,
    private readonly shutdown: Shutdown,
  ) {}

  /**
   * Whether the last executor that was to be given variables did not answer. It may have been dead, or this manager may have no
   * route to any: then no sandbox is to be taken before its executor has answered.
   */
  get isInDoubt(): boolean {
    return this.doubts;
  }

  /** @throws ProblemError as ExecutorClient.send, where the sandbox does not have them for certain; shutting_down where this manager ends */
  async bind(pod: Pod, environmentVariables: Record<string, string>): Promise<void> {
    await this.send(pod, {
      method: 'PUT',
      path: '/api/environment',
      body: JSON.stringify({ environmentVariables }),
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** @throws ProblemError as ExecutorClient.send, where this manager cannot reach the sandbox's executor */
  async reach(pod: Pod): Promise<void> {
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
      headTimeoutMs: timeoutMs,
      silenceTimeoutMs: timeoutMs,
      bodyTimeoutMs: timeoutMs,
    };
    try {
      await this.executors.ask(pod, request, signal);
      this.doubts = false;
    } catch (error) {
      if (!signal.aborted) this.doubts = isUnanswered(error);
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
