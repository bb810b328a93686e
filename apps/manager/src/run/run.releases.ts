import { Logger } from '@nestjs/common';
import type { ExecutionState, GoneCause } from '@warmbox/contracts';
import type { ActivityDto } from '@warmbox/dto';
import { Backoff, pause, retry, toProblem, type Clock } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import { activityRequest, bounded, executionRequest, sealRequest } from '../execution/execution.requests.js';
import type { ExecutorClient } from '../executors/executor.client.js';
import type { Origin } from '../http/caller.js';
import type { SandboxEnder } from '../sandboxes/sandbox.ender.js';

/** How long whoever gives a sandbox back waits until that is written, in milliseconds; it goes on without them. */
const PATIENCE_MS = 5_000;
/** The pauses between attempts to delete a sandbox. */
const DELAYS = { initialMs: 100, maxMs: 5_000 };
/** The pauses between questions whether anybody still needs a sandbox. */
const LOOKS = { initialMs: 250, maxMs: 5_000 };

/** The most that an execution is in JSON: 4,096 characters of its command, of which each may be an escape. */
const EXECUTION_MAX_BYTES = 65_536;

/** What a sandbox is there for. */
export interface RunningCommand {
  /** Absent where it is not known, nor whether there is one. */
  executionId?: string;
  origin: Origin;
}

/** What an executor says of its sandbox; its port may be in the hands of its guest. */
type Activity = Partial<Record<keyof ActivityDto, unknown>>;

/**
 * Gives the sandboxes of runs back. What it does not get to, because the Kubernetes API does not answer or this process ends, is done
 * by the grant of the sandbox: whichever manager cleans up removes it as idle, or at the end of its lifetime.
 */
export class RunReleases {
  private readonly logger = new Logger(RunReleases.name);
  private readonly underWay = new Set<Promise<void>>();
  /** Nobody is waited for any more. */
  private readonly leaving = new AbortController();
  /** Nothing is deleted any more. */
  private readonly stopping = new AbortController();

  constructor(
    private readonly ender: Pick<SandboxEnder, 'end'>,
    private readonly client: Pick<ExecutorClient, 'ask'>,
    private readonly clock: Clock,
  ) {}

  /** Deletes a sandbox, again where that fails. Resolves when it is written, or after five seconds; never rejects. */
  release(pod: Pod, cause: GoneCause): Promise<void> {
    return this.patiently(this.delete(pod, cause));
  }

  /**
   * Deletes a sandbox once nobody needs it: not before the grace is over in which a client may come back, nor while the command runs or
   * somebody reads what it printed. Resolves when that is written, or after five seconds; never rejects.
   */
  releaseUnused(pod: Pod, command: RunningCommand, graceMs: number): Promise<void> {
    return this.patiently(this.deleteUnused(pod, command, graceMs));
  }

  /** Gives the deletions under way so many milliseconds, then gives them up; what waits for a command is given up at once. */
  async stop(graceMs: number): Promise<void> {
    this.leaving.abort();
    const timer = this.clock.after(graceMs, () => this.stopping.abort());
    await Promise.all(this.underWay);
    timer.cancel();
  }

  private async patiently(work: Promise<void>): Promise<void> {
    const followed = work.finally(() => this.underWay.delete(followed));
    this.underWay.add(followed);
    const waited = new AbortController();
    await Promise.race([followed, pause(this.clock, PATIENCE_MS, waited.signal)]);
    waited.abort();
  }

  private async delete(pod: Pod, cause: GoneCause): Promise<void> {
    const { signal } = this.stopping;
    try {
      await retry(() => this.ender.end(pod, cause), { delays: DELAYS, clock: this.clock, signal });
    } catch (err) {
      this.logger.warn({ err, sandbox: nameOf(pod) }, 'the sandbox of a run was not deleted; it ends as idle');
    }
  }

  private async deleteUnused(pod: Pod, command: RunningCommand, graceMs: number): Promise<void> {
    const { signal } = this.leaving;
    await pause(this.clock, graceMs, signal);
    const backoff = new Backoff(LOOKS);
    while (!signal.aborted) {
      const use = await this.useOf(pod, command, signal);
      if (use === 'over') return;
      if (use === 'none') return this.delete(pod, 'completed');
      await pause(this.clock, backoff.next(), signal);
    }
  }

  /** Whether anybody needs the sandbox for its command; `unknown` where its executor does not say, `over` where it is no more. */
  private async useOf(
    pod: Pod,
    { executionId, origin }: RunningCommand,
    signal: AbortSignal,
  ): Promise<'some' | 'none' | 'unknown' | 'over'> {
    try {
      if (executionId === undefined) {
        // A retry may be about to begin the command: between a question and the deletion it could.
        await this.client.ask(pod, bounded(sealRequest(origin)), signal);
        return 'none';
      }
      const activity = JSON.parse(await this.client.ask(pod, bounded(activityRequest(origin)), signal)) as Activity;
      if (activity.attached !== 0) return 'some';
      // Of a known execution that is over, what it has left in the background does not matter.
      return (await this.stateOf(pod, executionId, origin, signal)) === 'running' ? 'some' : 'none';
    } catch (error) {
      const { code } = toProblem(error);
      if (code === 'execution_not_found') return 'none';
      if (code === 'conflict') return 'some';
      // One that does not take commands yet may do so, and one that has ended is being removed.
      return code === 'sandbox_gone' ? 'over' : 'unknown';
    }
  }

  private async stateOf(
    pod: Pod,
    id: string,
    origin: Origin,
    signal: AbortSignal,
  ): Promise<ExecutionState | undefined> {
    const text = await this.client.ask(pod, bounded(executionRequest(id, origin)), signal, EXECUTION_MAX_BYTES);
    return (JSON.parse(text) as { state?: ExecutionState }).state;
  }
}
