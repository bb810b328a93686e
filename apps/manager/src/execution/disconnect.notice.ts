import { Logger } from '@nestjs/common';
import { Backoff, type Clock, pause, toProblem } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { disconnectRequest } from './execution.requests.js';
import { type Origin } from '../http/caller.js';
import type { ExecutorClient } from '../executors/executor.client.js';

/** How often the notice is tried. Where all fail, the executor ends the command after its longer grace for lost relays. */
const ATTEMPTS = 4;

/**
 * Tells executors that the client of a relayed stream has disconnected: the executor cannot tell that from a manager that died,
 * after which a client may well come back.
 */
export class DisconnectNotice {
  private readonly logger = new Logger(DisconnectNotice.name);
  private readonly underWay = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly client: Pick<ExecutorClient, 'ask'>,
    private readonly clock: Clock,
  ) {}

  /** Sends the notice in the background, again where it fails. */
  tell(pod: Pod, executionId: string, origin: Origin): void {
    const telling = this.deliver(pod, executionId, origin).finally(() => this.underWay.delete(telling));
    this.underWay.add(telling);
  }

  /** Gives what is under way so many milliseconds, then gives it up. */
  async stop(graceMs: number): Promise<void> {
    const timer = this.clock.after(graceMs, () => this.stopping.abort());
    await Promise.all(this.underWay);
    timer.cancel();
  }

  private async deliver(pod: Pod, executionId: string, origin: Origin): Promise<void> {
    const { signal } = this.stopping;
    const backoff = new Backoff({ initialMs: 50, maxMs: 2_000, factor: 4 });
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.client.ask(pod, disconnectRequest(executionId, origin), signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        const { code, detail, status } = toProblem(error);
        // The execution, or its whole sandbox, is over: there is nothing left to end.
        if (status < 500 && code !== 'not_ready') return;
        if (attempt === ATTEMPTS) {
          this.logger.warn(
            { sandbox: pod.metadata?.name, executionId, requestId: origin.requestId, code, detail },
            'could not tell an executor that a client has disconnected; its command ends after relayLossGraceSeconds',
          );
          return;
        }
        await pause(this.clock, backoff.next(), signal);
      }
    }
  }
}
