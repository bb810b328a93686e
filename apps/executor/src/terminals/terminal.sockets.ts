import { HEADER, TERMINAL_FRAME_MAX_BYTES } from '@warmbox/contracts';
import { invalidRequest, type Upgrade } from '@warmbox/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerOptions, WebSocket, WebSocketServer } from 'ws';

/** How long a viewer may take to agree that its connection is closed, in milliseconds. */
const CLOSE_TIMEOUT_MS = 1_000;

/** RFC 6455 §4.2.1: 16 bytes in base64. */
const KEY = /^[+/\dA-Za-z]{22}==$/;
const VERSION = '13';

/** Goes over to WebSocket. Its library is loaded when the first viewer comes: most sandboxes never have one. */
export class TerminalSockets {
  private server: Promise<WebSocketServer> | undefined;

  /**
   * Gets ready for a handshake.
   *
   * @returns what goes over; that gives nothing where the client has left meanwhile
   * @throws ProblemError invalid_request where the request asks for none that is right
   */
  async prepare(
    request: FastifyRequest,
    upgrade: Upgrade | undefined,
  ): Promise<(reply: FastifyReply) => WebSocket | undefined> {
    if (upgrade === undefined) {
      throw invalidRequest([{ pointer: 'upgrade', detail: 'must be websocket: a terminal is reached by a WebSocket' }]);
    }
    checkHandshake(request);
    const server = await (this.server ??= load());
    return (reply) => switchOver(server, reply, upgrade);
  }
}

async function load(): Promise<WebSocketServer> {
  const { WebSocketServer: Server } = await import('ws');
  // Its types do not know closeTimeout yet.
  const options: ServerOptions & { closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    maxPayload: TERMINAL_FRAME_MAX_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
    // A window of 32 KiB and more for each viewer, and a compressor's time, for what travels a millisecond.
    perMessageDeflate: false,
  };
  return new Server(options);
}

function checkHandshake({ headers }: FastifyRequest): void {
  if (headers['sec-websocket-version'] !== VERSION) {
    throw invalidRequest([{ pointer: 'sec-websocket-version', detail: `must be ${VERSION}` }]);
  }
  if (!KEY.test(headers['sec-websocket-key'] ?? '')) {
    throw invalidRequest([{ pointer: 'sec-websocket-key', detail: 'must be 16 bytes in base64' }]);
  }
}

/** The server answers by itself, in the same turn; all that it could refuse has been looked at. */
function switchOver(server: WebSocketServer, reply: FastifyReply, { socket, head }: Upgrade): WebSocket | undefined {
  reply.hijack();
  const opened: WebSocket[] = [];
  const addRequestId = (lines: string[]): void => void lines.push(`${HEADER.requestId}: ${reply.request.id}`);
  server.once('headers', addRequestId);
  server.handleUpgrade(reply.request.raw, socket, head, (webSocket) => opened.push(webSocket));
  server.off('headers', addRequestId);
  return opened[0];
}
