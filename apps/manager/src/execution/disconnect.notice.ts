import { Logger } from '@nestjs/common';
import { retry, toProblem, type Clock, type ProblemError } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { disconnectRequest } from './execution.requests.js';
import { type Origin } from '../http/caller.js';
import type { ExecutorClient } from '../executors/executor.client.js';

/** How often the notice is tried. Where all fail, the executor ends the command after its longer grace for lost relays. */
const ATTEMPTS = 4;
const DELAYS = { initialMs: 50, maxMs: 2_000, factor: 4 };

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
    const ask = (): Promise<unknown> => this.client.ask(pod, disconnectRequest(executionId, origin), signal);
    const when = (error: unknown): boolean => !signal.aborted && !isOver(toProblem(error));
    try {
      await retry(ask, { attempts: ATTEMPTS, delays: DELAYS, clock: this.clock, signal, when });
    } catch (error) {
      const problem = toProblem(error);
      if (signal.aborted || isOver(problem)) return;
      const { code, detail } = problem;
      this.logger.warn(
        { sandbox: nameOf(pod), executionId, requestId: origin.requestId, code, detail },
        'could not tell an executor that a client has disconnected; its command ends after relayLossGraceSeconds',
      );
    }
  }
}

/** The execution, or its whole sandbox, is over: there is nothing left to end. */
function isOver({ code, status }: ProblemError): boolean {
  return status < 500 && code !== 'not_ready';
}
