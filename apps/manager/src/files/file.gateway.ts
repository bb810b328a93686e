import type { RawBody } from '@warmbox/http';
import type { Media } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';
import type { ByteRelay } from '../executors/byte.relay.js';
import type { Answer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import type { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import type { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { fileRequest } from './file.request.js';

/** Whose files, by the words of the URL. */
export interface SandboxName {
  runtime: string;
  name: string;
}

/** Clients' requests that concern files of sandboxes, by way of the sandbox's executor. */
export class FileGateway {
  constructor(
    private readonly finder: Pick<SandboxFinder, 'findAllocated'>,
    private readonly bytes: Pick<ByteRelay, 'relay'>,
    private readonly stamper: Pick<SandboxStamper, 'stamp'>,
  ) {}

  /**
   * The executor's answer.
   *
   * @param body as it came, or JSON
   * @param media what the answer shall be; absent: whatever it is
   * @returns undefined where the client has disconnected meanwhile
   * @throws ProblemError what the client is told
   */
  async relay(
    { runtime, name }: SandboxName,
    body: RawBody | string | undefined,
    reply: FastifyReply,
    media?: Media,
  ): Promise<Answer | undefined> {
    const caller = callerOf(reply.request, reply);
    const pod = await this.finder.findAllocated(caller.principal, runtime, name);
    const answer = await this.bytes.relay(pod, { ...fileRequest(reply.request, body, caller), media }, caller);
    this.stamper.stamp(pod);
    return answer;
  }
}
