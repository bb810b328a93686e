import type { ExecuteDto, OutputQueryDto, SignalDto, StdinQueryDto } from '@warmbox/dto';
import type { RawBody } from '@warmbox/http';
import { MEDIA, ProblemError, type Media } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import type { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import type { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { firstByteOf, headersOf } from './execution.answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import { NO_CONTENT, type Answer } from '../http/answer.js';
import type { ExecutionAttacher } from './execution.attacher.js';
import { EXECUTION_ID } from './execution.id.js';
import {
  cancelRequest,
  eventsRequest,
  executeRequest,
  executionRequest,
  executionsRequest,
  outputRequest,
  signalRequest,
  stdinRequest,
  type ExecutionRequest,
  type ResumePoint,
} from './execution.requests.js';
import { hashOfScope } from '../idempotency/idempotency.key.js';
import type { ByteRelay, RelayedRequest } from '../executors/byte.relay.js';
import type { ExecutorClient } from '../executors/executor.client.js';

/** Which sandbox, by the names of the URL. */
export interface SandboxName {
  runtime: string;
  name: string;
}

/** What a client wants to run. */
export interface Execute {
  dto: ExecuteDto;
  /** What it takes for an answer. */
  media: Media;
  /** The client's own name for the request. */
  key?: string;
}

/**
 * Clients' requests about executions, passed to the executor of their sandbox. Each answers what goes to the client, or
 * undefined where the client has left meanwhile, and throws the ProblemError that the client is told.
 */
export class ExecutionGateway {
  constructor(
    private readonly finder: Pick<SandboxFinder, 'findAllocated'>,
    private readonly client: Pick<ExecutorClient, 'explainLoss' | 'send'>,
    private readonly attacher: Pick<ExecutionAttacher, 'attach'>,
    private readonly stamper: Pick<SandboxStamper, 'stamp'>,
    private readonly bytes: Pick<ByteRelay, 'relay'>,
  ) {}

  /** Runs a command: its event stream, or (media JSON) its result when it is over. */
  async execute(sandbox: SandboxName, { dto, media, key }: Execute, caller: Caller): Promise<Answer | undefined> {
    const { principal } = caller;
    const { runtime } = sandbox;
    // The sandbox does not learn the caller's own key, and another caller's same key is another.
    const scope = key === undefined ? undefined : hashOfScope({ principal, route: 'execute', runtime, key });
    return this.use(await this.find(sandbox, caller), executeRequest(dto, media, caller, scope), caller);
  }

  /** The event stream of an execution, from its beginning or a resume point. */
  async events(
    sandbox: SandboxName,
    id: string,
    from: ResumePoint,
    media: Media,
    caller: Caller,
  ): Promise<Answer | undefined> {
    return this.use(await this.find(sandbox, caller, id), eventsRequest(id, from, media, caller), caller, id);
  }

  /** What `events` would begin with; no reader is attached to the execution. */
  async headOfEvents(
    sandbox: SandboxName,
    id: string,
    from: ResumePoint,
    media: Media,
    caller: Caller,
  ): Promise<Answer | undefined> {
    const request: ExecutionRequest = { ...eventsRequest(id, from, media, caller), method: 'HEAD' };
    return this.pass(await this.find(sandbox, caller, id), request, caller, id);
  }

  async list(sandbox: SandboxName, caller: Caller): Promise<Answer | undefined> {
    return this.pass(await this.find(sandbox, caller), executionsRequest(caller), caller);
  }

  async get(sandbox: SandboxName, id: string, caller: Caller): Promise<Answer | undefined> {
    return this.pass(await this.find(sandbox, caller, id), executionRequest(id, caller), caller);
  }

  /** Ends an execution: SIGTERM, then SIGKILL. */
  async cancel(sandbox: SandboxName, id: string, caller: Caller): Promise<Answer | undefined> {
    return this.pass(await this.find(sandbox, caller, id), cancelRequest(id, caller), caller);
  }

  /** Writes to the standard input of an execution; it ends with its sandbox and with this process. */
  async write(
    sandbox: SandboxName,
    id: string,
    query: StdinQueryDto,
    body: RawBody | undefined,
    caller: Caller,
  ): Promise<Answer | undefined> {
    return this.relay(await this.find(sandbox, caller, id), id, stdinRequest(id, query, body, caller), caller);
  }

  /** A page of output; it ends with its sandbox and with this process, while it waits too. */
  async output(sandbox: SandboxName, id: string, query: OutputQueryDto, caller: Caller): Promise<Answer | undefined> {
    return this.relay(await this.find(sandbox, caller, id), id, outputRequest(id, query, caller), caller);
  }

  /** Sends a signal to the group of an execution. */
  async signal(sandbox: SandboxName, id: string, dto: SignalDto, caller: Caller): Promise<Answer | undefined> {
    return this.pass(await this.find(sandbox, caller, id), signalRequest(id, dto, caller), caller);
  }

  /**
   * A request that is activity once the executor has accepted it. What a sandbox refuses that is being removed, or one that is
   * gone leaves unanswered, must not keep it.
   */
  private async use(
    pod: Pod,
    request: ExecutionRequest,
    caller: Caller,
    executionId?: string,
  ): Promise<Answer | undefined> {
    const answer = await this.attacher.attach(pod, request, caller, executionId);
    this.stamper.stamp(pod);
    return answer;
  }

  private async relay(pod: Pod, id: string, request: RelayedRequest, caller: Caller): Promise<Answer | undefined> {
    const answer = await this.bytes.relay(pod, request, caller);
    this.stamper.stamp(pod);
    return answer && { ...answer, headers: headersOf(MEDIA.json, id) };
  }

  private async find({ runtime, name }: SandboxName, { principal }: Caller, id?: string): Promise<Pod> {
    const pod = await this.finder.findAllocated(principal, runtime, name);
    if (id !== undefined && !EXECUTION_ID.test(id)) {
      throw new ProblemError('execution_not_found', `No execution ${JSON.stringify(id)} exists in sandbox ${name}.`);
    }
    return pod;
  }

  /** Asks, and passes the answer on; if the client leaves meanwhile, nobody needs to know. */
  private async pass(
    pod: Pod,
    request: ExecutionRequest,
    caller: Caller,
    executionId?: string,
  ): Promise<Answer | undefined> {
    try {
      const { status, body } = await this.client.send(pod, request, caller.disconnected);
      if (status === 204) return NO_CONTENT;
      await firstByteOf(body).catch(async (error: unknown) => {
        throw await this.client.explainLoss(error, pod);
      });
      return { status, headers: headersOf(request.media, executionId), body };
    } catch (error) {
      if (hasDisconnected(caller)) return undefined;
      throw error;
    }
  }
}
