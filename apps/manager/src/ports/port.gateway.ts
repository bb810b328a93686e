import { switchProtocols, upgradeOf, type RawBody } from '@warmbox/http';
import type { FastifyReply } from 'fastify';
import type { ByteRelay } from '../executors/byte.relay.js';
import type { Answer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import type { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import type { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { portRequest } from './port.request.js';
import type { PortTarget } from './port.target.js';

/** Clients' requests to servers inside sandboxes, by way of the sandbox's executor. */
export class PortGateway {
  constructor(
    private readonly finder: Pick<SandboxFinder, 'findAllocated'>,
    private readonly bytes: ByteRelay,
    private readonly stamper: Pick<SandboxStamper, 'stamp'>,
  ) {}

  /**
   * The server's answer; `spliced` where the client's connection speaks with the server's from here on.
   *
   * @returns undefined where the client has disconnected meanwhile
   * @throws ProblemError what the client is told
   */
  async relay(
    target: PortTarget,
    body: RawBody | undefined,
    reply: FastifyReply,
  ): Promise<Answer | 'spliced' | undefined> {
    const { request } = reply;
    const caller = callerOf(request, reply);
    const pod = await this.finder.findAllocated(caller.principal, target.runtime, target.name);
    const upgrade = upgradeOf(request);
    // What follows the head of an upgrade is no body any more.
    const relayed = portRequest(request, target, upgrade === undefined ? body : undefined, caller);
    const answer = await (upgrade === undefined
      ? this.bytes.relay(pod, relayed, caller)
      : this.bytes.upgrade(pod, relayed, caller, (headers) => switchProtocols(reply, upgrade, headers)));
    this.stamper.stamp(pod);
    return answer;
  }
}
