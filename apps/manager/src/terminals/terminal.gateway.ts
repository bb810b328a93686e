import { TERMINAL_ID } from '@warmbox/contracts';
import type { CreateTerminalDto } from '@warmbox/dto';
import { invalidRequest, switchProtocols, upgradeOf } from '@warmbox/http';
import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import type { FastifyReply } from 'fastify';
import type { ByteRelay } from '../executors/byte.relay.js';
import type { Answer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import type { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import type { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { connectRequest, terminalRequest } from './terminal.request.js';

/** Which sandbox, by the words of the URL. */
export interface SandboxName {
  runtime: string;
  name: string;
}

/** Which terminal of which sandbox. */
export interface TerminalName extends SandboxName {
  id: string;
}

/**
 * Clients' requests about terminals, by way of their sandbox's executor. Each answers what goes to the client, or undefined where that
 * has disconnected meanwhile, and throws the ProblemError that it is told.
 */
export class TerminalGateway {
  constructor(
    private readonly finder: Pick<SandboxFinder, 'findAllocated'>,
    private readonly bytes: Pick<ByteRelay, 'relay' | 'upgrade'>,
    private readonly stamper: Pick<SandboxStamper, 'stamp'>,
  ) {}

  async create(sandbox: SandboxName, body: CreateTerminalDto, reply: FastifyReply): Promise<Answer | undefined> {
    const { caller, pod } = await this.find(sandbox, reply);
    const answer = await this.bytes.relay(pod, terminalRequest('POST', undefined, body, caller), caller);
    this.stamper.stamp(pod);
    return answer;
  }

  async list(sandbox: SandboxName, reply: FastifyReply): Promise<Answer | undefined> {
    const { caller, pod } = await this.find(sandbox, reply);
    return this.bytes.relay(pod, terminalRequest('GET', undefined, undefined, caller), caller);
  }

  async get(terminal: TerminalName, reply: FastifyReply): Promise<Answer | undefined> {
    const { caller, pod } = await this.findFor(terminal, reply);
    return this.bytes.relay(pod, terminalRequest('GET', terminal.id, undefined, caller), caller);
  }

  /** Ends it: SIGHUP, then SIGKILL. */
  async end(terminal: TerminalName, reply: FastifyReply): Promise<Answer | undefined> {
    const { caller, pod } = await this.findFor(terminal, reply);
    return this.bytes.relay(pod, terminalRequest('DELETE', terminal.id, undefined, caller), caller);
  }

  /** Lets the client look at it, from the byte after `after` on: `spliced` where its connection speaks with the executor's from here on. */
  async connect(
    terminal: TerminalName,
    after: string | undefined,
    reply: FastifyReply,
  ): Promise<Answer | 'spliced' | undefined> {
    const { request } = reply;
    const { caller, pod } = await this.findFor(terminal, reply);
    const upgrade = upgradeOf(request);
    if (upgrade === undefined) {
      throw invalidRequest([{ pointer: 'upgrade', detail: 'must be websocket: a terminal is reached by a WebSocket' }]);
    }
    const asked = connectRequest(request, terminal.id, after, caller);
    const answer = await this.bytes.upgrade(pod, asked, caller, (headers) => switchProtocols(reply, upgrade, headers));
    this.stamper.stamp(pod);
    return answer;
  }

  private async find(
    { runtime, name }: SandboxName,
    reply: FastifyReply,
  ): Promise<{ caller: ReturnType<typeof callerOf>; pod: Pod }> {
    const caller = callerOf(reply.request, reply);
    return { caller, pod: await this.finder.findAllocated(caller.principal, runtime, name) };
  }

  private async findFor(terminal: TerminalName, reply: FastifyReply): ReturnType<TerminalGateway['find']> {
    const found = await this.find(terminal, reply);
    if (TERMINAL_ID.test(terminal.id)) return found;
    const { id, name } = terminal;
    throw new ProblemError('terminal_not_found', `No terminal ${JSON.stringify(id)} exists in sandbox ${name}.`);
  }
}
