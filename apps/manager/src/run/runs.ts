import { pipeline, type Readable } from 'node:stream';
import { HEADER } from '@warmbox/contracts';
import type { RunDto } from '@warmbox/dto';
import { codeOf, isDropped, toProblem, unlessAborted, type Media } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import type { ManagerOptions } from '../config/manager.options.js';
import type { Creations, KeyedBy } from '../creation/creations.js';
import { EventRelay } from '../execution/event.relay.js';
import type { ExecutionAttacher } from '../execution/execution.attacher.js';
import { executeRequest } from '../execution/execution.requests.js';
import type { Answer } from '../http/answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import { hashOfScope } from '../idempotency/idempotency.key.js';
import { HeldEnd } from './held.end.js';
import { runPlan, type RunLimits, type RunPlan } from './run.plan.js';
import type { RunningCommand, RunReleases } from './run.releases.js';

/** How many sandboxes may refuse a command that they have not begun, under one request, before it is told so. */
const ATTEMPTS = 3;

/** What a client wants to run. */
export interface RunRequest {
  dto: RunDto;
  /** What it takes for an answer. */
  media: Media;
  /** The client's own name for the request. */
  key?: string;
}

/** A run under way. */
interface Run {
  runtime: string;
  plan: RunPlan;
  media: Media;
  caller: Caller;
  /** Of a request with an idempotency key. */
  keyed?: KeyedBy;
}

/** Its sandbox. */
interface Obtained {
  pod: Pod;
  /** What it was begun by has come to nothing: a retry begins anew. */
  abandon: () => Promise<void>;
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
   * Takes a warm sandbox, or creates one, and runs the command there: its event stream, or (media JSON) its result when it is over. With
   * a key every attempt at the request is about the same sandbox and the same execution, as long as these are there.
   *
   * @returns undefined where the client has left meanwhile
   * @throws ProblemError what the client is told; unless a retry may still find it, there is no sandbox then
   */
  async run(runtime: string, { dto, media, key }: RunRequest, caller: Caller): Promise<Answer | undefined> {
    const keyed = key === undefined ? undefined : { route: 'run', key, request: dto };
    const run = { runtime, plan: runPlan(dto, this.options), media, caller, keyed };
    for (let attempt = 1; ; attempt += 1) {
      const obtained = await this.obtain(run);
      if (obtained === undefined) return undefined;
      try {
        return await this.begin(obtained.pod, run);
      } catch (error) {
        const isRefused = isRefusal(error);
        await this.giveBack(obtained, run, isRefused);
        if (attempt === ATTEMPTS || !isRefused || toProblem(error).code !== 'not_ready') throw error;
      }
    }
  }

  /** A sandbox that takes commands. */
  private async obtain(run: Run): Promise<Obtained | undefined> {
    const { runtime, plan, caller, keyed } = run;
    const { principal, disconnected } = caller;
    const creation = await this.creations.create(principal, runtime, plan.sandbox, { disconnected }, keyed);
    try {
      await unlessAborted(disconnected, creation.ready);
      return { pod: creation.currentPod, abandon: creation.abandon };
    } catch (error) {
      // One that did not become ready is removed by whoever followed it.
      if (!hasDisconnected(caller)) throw error;
      await this.leave(creation.currentPod, run);
      return undefined;
    }
  }

  private async begin(pod: Pod, run: Run): Promise<Answer | undefined> {
    const { runtime, plan, media, caller, keyed } = run;
    const scope = keyed && hashOfScope({ principal: caller.principal, runtime, route: keyed.route, key: keyed.key });
    const answer = await this.attacher.attach(pod, executeRequest(plan.command, media, caller, scope), caller);
    if (answer === undefined) {
      await this.leave(pod, run);
      return undefined;
    }
    const told = { ...answer, headers: headersOf(answer, nameOf(pod)) };
    return plan.keep ? told : { ...told, ...this.released(pod, answer, run) };
  }

  /** The client has left before it was told of the sandbox: only who has the key of the request can come back to it. */
  private async leave(pod: Pod, run: Run): Promise<void> {
    if (run.keyed === undefined) await this.releases.release(pod, 'discarded');
    else if (!run.plan.keep) void this.releases.releaseUnused(pod, commandOf(run), run.plan.graceMs);
  }

  /** The command did not begin, or nobody knows whether it did: then a retry shall find it, and not begin another. */
  private async giveBack({ pod, abandon }: Obtained, run: Run, isRefused: boolean): Promise<void> {
    if (run.keyed !== undefined && !isRefused) {
      await this.leave(pod, run);
      return;
    }
    await abandon();
    await this.releases.release(pod, 'discarded');
  }

  /** The same answer, with which the sandbox goes. */
  private released(pod: Pod, { headers, body, begins }: Answer, run: Run): Pick<Answer, 'body' | 'begins'> {
    if (body === undefined) throw new Error('An execution answers with a body.');
    const command = commandOf(run, String(headers[HEADER.executionId]));
    const { graceMs } = run.plan;
    const held = new HeldEnd(() => this.end(pod, body, command, run));
    const pass = (): void => {
      pipeline(body, held, (error) => {
        if (error) void this.releases.releaseUnused(pod, command, graceMs);
      });
    };
    if (begins === undefined) {
      pass();
      return { body: held };
    }
    const begun = begins.then(pass, async (error: unknown) => {
      if (isDropped(error) || run.keyed !== undefined) void this.releases.releaseUnused(pod, command, graceMs);
      else await this.releases.release(pod, 'discarded');
      throw error;
    });
    return { body: held, begins: begun };
  }

  /** The executor has sent its last; the client has all but the end. */
  private async end(pod: Pod, body: Readable, command: RunningCommand, { keyed }: Run): Promise<void> {
    const loss = body instanceof EventRelay ? body.loss : undefined;
    if (loss === undefined) {
      // Others may have sent the same request, and be reading.
      await (keyed === undefined
        ? this.releases.release(pod, 'completed')
        : this.releases.releaseUnused(pod, command, 0));
      return;
    }
    // Its client is to resume through another manager, or it is gone.
    if (loss.code === 'shutting_down' || loss.code === 'sandbox_gone') return;
    void this.releases.releaseUnused(pod, command, this.options.relayLossGraceSeconds * 1000);
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

function commandOf({ caller: { requestId } }: Run, executionId?: string): RunningCommand {
  return { executionId, origin: { requestId } };
}

/**
 * Whether the command has certainly not begun: the executor refuses it, or the sandbox was not there any more, or nobody listened in
 * it. Whose connection breaks off may have begun it.
 */
function isRefusal(error: unknown): boolean {
  const { code, status, cause } = toProblem(error);
  if (code === 'not_ready') return cause === undefined || codeOf(cause) === 'ECONNREFUSED';
  return code === 'overloaded' || (status < 500 && code !== 'sandbox_gone');
}
