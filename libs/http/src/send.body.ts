import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** An answer whose body comes as it comes. */
export interface StreamedAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  /** Absent where the status says that there is none. */
  body?: Readable;
}

/** Sends it; the head goes out at once, and the body ends when the client has gone. */
export function sendBody(reply: FastifyReply, { status, headers, body }: StreamedAnswer): void {
  // A stream's head would wait for its first byte, which may be long in coming.
  reply.raw.once('pipe', () => reply.raw.flushHeaders());
  void reply.status(status).headers(headers).send(body);
}
