import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** Requests whose client waits for leave to send the body. */
const waiting = new WeakMap<IncomingMessage, { response: ServerResponse; shouldKeepAlive: boolean }>();

/**
 * `Expect: 100-continue`, as curl sends with uploads: Node would say "continue" before anybody has looked at the head. Here it is said
 * by who begins to read the body; a request that is refused costs its client no upload.
 */
export function continueLate(server: Server): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    const { shouldKeepAlive } = response;
    waiting.set(request, { response, shouldKeepAlive });
    // Where it is refused nobody knows whether its body follows: the connection ends with the answer.
    response.shouldKeepAlive = false;
    server.emit('request', request, response);
  });
}

/** Whether its client still waits for leave to send the body. */
export function waitsForLeave(request: IncomingMessage): boolean {
  return waiting.has(request);
}

/** Says that the body may come, where the client waits for that. */
export function letBodyCome(request: IncomingMessage): void {
  const held = waiting.get(request);
  if (held === undefined || held.response.headersSent) return;
  waiting.delete(request);
  held.response.shouldKeepAlive = held.shouldKeepAlive;
  held.response.writeContinue();
}
