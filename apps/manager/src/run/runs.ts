import { pipeline, type Readable } from 'node:stream';
import { HEADER } from '@warmbox/contracts';
import type { RunDto } from '@warmbox/dto';
import { codeOf, isDropped, toProblem, unlessAborted, type Media } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import type { ManagerOptions } from '../config/manager.options.js';
import type { Creations } from '../creation/creations.js';
import { EventRelay } from '../execution/event.relay.js';
import type { ExecutionAttacher } from '../execution/execution.attacher.js';
import { executeRequest } from '../execution/execution.requests.js';
import type { Answer } from '../http/answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import { HeldEnd } from './held.end.js';
import { runPlan, type RunLimits, type RunPlan } from './run.plan.js';
import type { RunningCommand, RunReleases } from './run.releases.js';

/** How many sandboxes may refuse a command that they have not begun, under one request, before it is told so. */
const ATTEMPTS = 3;

/** A run, as its request asks for it. */
interface Run {
  runtime: string;
  plan: RunPlan;
  media: Media;
  caller: Caller;
}

/**
 * Commands in sandboxes of their own. Whatever becomes of a run, its sandbox goes: when the command is over and the client has its
 * result, when the client has left and its grace is over, when the command never began. Only one that is to be kept stays, once its command
 * has begun.
 */
export class Runs {
  constructor(
    private readonly creations: Pick<Creations, 'create'>,
    private readonly attacher: Pick<ExecutionAttacher, 'attach'>,
    private readonly releases: Pick<RunReleases, 'release' | 'releaseUnused'>,
    private readonly options: RunLimits & Pick<ManagerOptions, 'relayLossGraceSeconds'>,
  ) {}

  /**
   * Takes a warm sandbox, or creates one, and runs the command there: its event stream, or (media JSON) its result when it is over.
   *
   * @returns undefined where the client has left meanwhile
   * @throws ProblemError what the client is told; there is no sandbox then
   */
  async run(runtime: string, dto: RunDto, media: Media, caller: Caller): Promise<Answer | undefined> {
    const run = { runtime, plan: runPlan(dto, this.options), media, caller };
    for (let attempt = 1; ; attempt += 1) {
      const pod = await this.obtain(run);
      if (pod === undefined) return undefined;
      try {
        return await this.begin(pod, run);
      } catch (error) {
        await this.releases.release(pod, 'discarded');
        if (attempt === ATTEMPTS || !isNotBegun(error)) throw error;
      }
    }
  }

  /** A sandbox that takes commands. */
  private async obtain({ runtime, plan, caller }: Run): Promise<Pod | undefined> {
    const { principal, disconnected } = caller;
    const creation = await this.creations.create(principal, runtime, plan.sandbox, { disconnected });
    try {
      await unlessAborted(disconnected, creation.ready);
      return creation.currentPod;
    } catch (error) {
      // One that did not become ready is removed by whoever followed it.
      if (!hasDisconnected(caller)) throw error;
      await this.releases.release(creation.currentPod, 'discarded');
      return undefined;
    }
  }

  private async begin(pod: Pod, { plan, media, caller }: Run): Promise<Answer | undefined> {
    const answer = await this.attacher.attach(pod, executeRequest(plan.command, media, caller), caller);
    if (answer === undefined) {
      // It was told neither the sandbox nor the execution: it cannot come back.
      await this.releases.release(pod, 'discarded');
      return undefined;
    }
    const told = { ...answer, headers: headersOf(answer, nameOf(pod)) };
    const executionId = String(answer.headers[HEADER.executionId]);
    const command = { executionId, origin: { requestId: caller.requestId } };
    return plan.keep ? told : { ...told, ...this.released(pod, answer, command, plan.graceMs) };
  }

  /** The same answer, with which the sandbox goes. */
  private released(
    pod: Pod,
    { body, begins }: Answer,
    command: RunningCommand,
    graceMs: number,
  ): Pick<Answer, 'body' | 'begins'> {
    if (body === undefined) throw new Error('An execution answers with a body.');
    const held = new HeldEnd(() => this.end(pod, body, command));
    const pass = (): void => {
      pipeline(body, held, (error) => {
        if (error) this.releases.releaseUnused(pod, command, graceMs);
      });
    };
    if (begins === undefined) {
      pass();
      return { body: held };
    }
    const begun = begins.then(pass, async (error: unknown) => {
      if (isDropped(error)) this.releases.releaseUnused(pod, command, graceMs);
      else await this.releases.release(pod, 'discarded');
      throw error;
    });
    return { body: held, begins: begun };
  }

  /** The executor has sent its last; the client has all but the end. */
  private async end(pod: Pod, body: Readable, command: RunningCommand): Promise<void> {
    const loss = body instanceof EventRelay ? body.loss : undefined;
    if (loss === undefined) return this.releases.release(pod, 'completed');
    // Its client is to resume through another manager, or it is gone.
    if (loss.code === 'shutting_down' || loss.code === 'sandbox_gone') return;
    this.releases.releaseUnused(pod, command, this.options.relayLossGraceSeconds * 1000);
  }
}

function headersOf({ headers }: Answer, name: string): Answer['headers'] {
  const { location } = headers;
  return {
    ...headers,
    [HEADER.sandboxName]: name,
    ...(location === undefined ? {} : { location: `${name}/${String(location)}` }),
  };
}

/** Whether the command has certainly not begun: the sandbox was not there any more, or nobody listened in it. */
function isNotBegun(error: unknown): boolean {
  const problem = toProblem(error);
  const { code, cause } = problem;
  return code === 'not_ready' && (cause === undefined || codeOf(cause) === 'ECONNREFUSED');
}
