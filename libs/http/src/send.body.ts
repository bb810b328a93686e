import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** An answer whose body comes as it comes. */
export interface StreamedAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  /** Absent where the status says that there is none. */
  body?: Readable;
}

/**
 * Sends it; the head goes out at once, and the body ends when the client has gone. What of the body is there already goes with the head, in
 * one piece: each further one costs everybody on the way a turn.
 */
export function sendBody(reply: FastifyReply, { status, headers, body }: StreamedAnswer): void {
  const { raw } = reply;
  raw.once('pipe', () => {
    const { socket } = raw;
    // Not the response's own cork: of one that ends corked Node sends the end before the rest.
    socket?.cork();
    setImmediate(() => {
      // What has ended has gone out as a whole, and whatever the connection waits for now is another's.
      if (raw.writableEnded) return;
      // A stream's head would wait for its first byte, which may be long in coming.
      if (!raw.headersSent) raw.flushHeaders();
      socket?.uncork();
    });
  });
  void reply.status(status).headers(headers).send(body);
}
