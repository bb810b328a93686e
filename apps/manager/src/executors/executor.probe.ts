import { unlessAborted, type Clock } from '@warmbox/platform';
import { request, type Dispatcher } from 'undici';

/** Milliseconds between a failed attempt and the next: what a ready executor may have to wait to be noticed. */
const RETRY_MS = 25;
/** The first attempt's time-out, doubled by each that times out: a lost packet costs little, a slow executor is still heard. */
const FIRST_TIMEOUT_MS = 200;
const LAST_TIMEOUT_MS = 3_000;

export interface ExecutorAddress {
  host: string;
  port: number;
}

/** What an executor answers that runs, and waits for its session's variables. */
const AWAITING = 409;

/** Asks a new sandbox's executor for its health until it answers. */
export class ExecutorProbe {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly clock: Clock,
  ) {}

  /**
   * Resolves once GET /healthz was answered with 200, or with 409 by one that waits for its variables; rejects with the signal's reason when it aborts.
   *
   * @param onFailure hears why an attempt failed, in words for people.
   */
  async untilHealthy(
    { host, port }: ExecutorAddress,
    signal: AbortSignal,
    onFailure: (why: string) => void,
  ): Promise<void> {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/healthz`;
    let timeoutMs = FIRST_TIMEOUT_MS;
    for (;;) {
      signal.throwIfAborted();
      const limit = AbortSignal.timeout(timeoutMs);
      try {
        const either = AbortSignal.any([signal, limit]);
        const { statusCode, body } = await unlessAborted(
          either,
          request(url, { dispatcher: this.dispatcher, signal: either }),
        );
        await body.dump();
        if (statusCode === 200 || statusCode === AWAITING) return;
        onFailure(`The executor answered its health check with ${statusCode}.`);
      } catch (error) {
        signal.throwIfAborted();
        if (limit.aborted) timeoutMs = Math.min(LAST_TIMEOUT_MS, timeoutMs * 2);
        onFailure(`The executor does not answer yet: ${limit.aborted ? 'no answer' : reasonOf(error)}.`);
      }
      await this.clock.sleep(RETRY_MS, signal);
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return error instanceof Error ? error.message : String(error);
}
