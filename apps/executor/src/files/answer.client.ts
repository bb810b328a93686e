import type { ServerResponse } from 'node:http';
import { onceClientLeaves } from '@warmbox/http';
import type { FastifyReply } from 'fastify';

/** The client of an answer whose head is said. */
export class Client {
  private readonly response: ServerResponse;
  private hasLeft = false;
  private onLeaving: () => void = () => undefined;

  constructor(reply: FastifyReply, status: number, headers: Record<string, string>) {
    reply.hijack();
    this.response = reply.raw;
    onceClientLeaves(this.response, () => {
      this.hasLeft = true;
      this.onLeaving();
    });
    if (!this.hasLeft) this.response.writeHead(status, headers);
  }

  /** Resolves once the memory of the bytes is free again: with false where the client has gone. */
  take(bytes: Buffer): Promise<boolean> {
    if (this.hasLeft) return Promise.resolve(false);
    return new Promise((resolve) => {
      this.onLeaving = () => resolve(false);
      this.response.write(bytes, (error) => resolve(error === null || error === undefined));
    });
  }

  end(): void {
    if (!this.hasLeft) this.response.end();
  }
}
