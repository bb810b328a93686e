import { HEADER, type ProblemCode } from '@warmbox/contracts';
import type { RunDto } from '@warmbox/dto';
import { codeOf, toProblem, unlessAborted, type Media } from '@warmbox/platform';
import { nameOf, type Pod } from '@warmbox/sandbox';
import type { ManagerOptions } from '../config/manager.options.js';
import type { Creations, KeyedBy } from '../creation/creations.js';
import type { ExecutionAttacher } from '../execution/execution.attacher.js';
import { executeRequest } from '../execution/execution.requests.js';
import type { Answer } from '../http/answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import { hashOfScope } from '../idempotency/idempotency.key.js';
import { releasing, type ReleaseTerms } from './release.answer.js';
import type { RunFiles } from './run.files.js';
import { runPlan, type RunLimits, type RunPlan } from './run.plan.js';
import type { RunReleases } from './run.releases.js';

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
  /** Another attempt at the same request may have begun the command in it. */
  isResumed: boolean;
}

/**
 * Commands in sandboxes of their own. Whatever becomes of a run, its sandbox goes: when the command is over and the client has its
 * result, when the client has left and its grace is over, when the command never began. Only one that is to be kept stays, once its command
 * has begun.
 */
export class Runs {
  constructor(
    private readonly creations: Pick<Creations, 'create'>,
    private readonly files: Pick<RunFiles, 'write'>,
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
      const { pod } = obtained;
      let isPrepared = false;
      try {
        await this.prepare(pod, run);
        isPrepared = true;
        return await this.begin(pod, run);
      } catch (error) {
        if (!isPrepared && hasDisconnected(caller)) {
          await this.leave(pod, run);
          return undefined;
        }
        const isRefused = (!isPrepared && run.keyed === undefined) || isRefusal(error, obtained.isResumed);
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
      return { pod: creation.currentPod, abandon: creation.abandon, isResumed: creation.isResumed };
    } catch (error) {
      // One that did not become ready is removed by whoever followed it.
      if (!hasDisconnected(caller)) throw error;
      await this.leave(creation.currentPod, run);
      return undefined;
    }
  }

  private async prepare(pod: Pod, { plan, caller: { requestId, disconnected }, keyed }: Run): Promise<void> {
    const how = { origin: { requestId }, onlyNew: keyed !== undefined, signal: disconnected };
    if (plan.files.length > 0) await this.files.write(pod, plan.files, how);
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
    if (plan.keep) return told;
    const executionId = String(answer.headers[HEADER.executionId]);
    return { ...told, ...releasing(pod, answer, this.releases, this.termsOf(run, executionId)) };
  }

  private termsOf({ plan, caller: { requestId }, keyed }: Run, executionId?: string): ReleaseTerms {
    const lossGraceMs = this.options.relayLossGraceSeconds * 1000;
    return { executionId, origin: { requestId }, graceMs: plan.graceMs, lossGraceMs, isShared: keyed !== undefined };
  }

  /** The client has left before it was told of the sandbox: only who has the key of the request can come back to it. */
  private async leave(pod: Pod, run: Run): Promise<void> {
    if (run.keyed === undefined) await this.releases.release(pod, 'discarded');
    else if (!run.plan.keep) void this.releases.releaseUnused(pod, this.termsOf(run), run.plan.graceMs);
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
}

function headersOf({ headers }: Answer, name: string): Answer['headers'] {
  const { location } = headers;
  return {
    ...headers,
    [HEADER.sandboxName]: name,
    ...(location === undefined ? {} : { location: `${name}/${String(location)}` }),
  };
}

/** What tells that the command has run, or may have: an earlier attempt's. */
const AFTER_ALL: readonly ProblemCode[] = ['sandbox_gone', 'output_gone', 'idempotency_key_reused'];

/**
 * Whether the command has certainly not begun: the executor refuses it or its files, or the sandbox was not there any more, or nobody
 * listened in it. Whose connection breaks off may have begun it; and where a file cannot be written for such a reason another attempt at
 * the same request may have. So it may where a sandbox of another attempt has died: perhaps of the command.
 */
function isRefusal(error: unknown, isResumed: boolean): boolean {
  const { code, status, cause } = toProblem(error);
  if (code === 'not_ready') return !isResumed && (cause === undefined || codeOf(cause) === 'ECONNREFUSED');
  return code === 'overloaded' || code === 'disk_full' || (status < 500 && !AFTER_ALL.includes(code));
}
