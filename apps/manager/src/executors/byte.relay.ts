import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { Logger } from '@nestjs/common';
import { endToEnd, isDropped, KEEP_CONNECTION_MS, splice, type Clock, type PassedHeaders } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { onceOver, type Answer } from '../http/answer.js';
import { hasDisconnected, type Caller } from '../http/caller.js';
import type { BoundAnswer } from './executor.answer.js';
import type { ExecutorClient, ExecutorRequest } from './executor.client.js';
import type { OpenStreams } from './open.streams.js';

/** A request whose answer is relayed, whatever it is. */
export interface RelayedRequest extends ExecutorRequest {
  /** Which of an answer's headers a client is sent, by their names in lower case; what is one connection's alone never is. */
  passes: (name: string) => boolean;
  /** What becomes of those that pass (nothing else). */
  adapts?: (headers: PassedHeaders) => PassedHeaders;
}

/** The end of a relay's work, from outside and from inside. */
interface Lifetime {
  /** Aborts when the client has disconnected, and when the sandbox or this process ends. */
  signal: AbortSignal;
  /** The client's disconnecting is not to end it any more. */
  outlivesRequest: () => void;
  /** It is over. */
  close: () => void;
}

/** How long what is on its way on spliced connections has when they are ended, in milliseconds. */
const DRAIN_MS = 500;

/**
 * Bytes from a client to its sandbox's executor and back, as they are: nothing is held but what is on its way, and who reads slowly slows
 * the other side down. What is lost before the answer begins is told as a problem document; after that the client's connection
 * breaks off, so that half an answer never looks whole. A client that disconnects ends the executor's side; the end of the sandbox, and
 * of this process, ends both.
 */
export class ByteRelay {
  private readonly logger = new Logger(ByteRelay.name);
  private readonly spliced = new Set<Socket>();

  constructor(
    private readonly client: Pick<ExecutorClient, 'send' | 'upgrade' | 'explainLoss'>,
    private readonly streams: Pick<OpenStreams, 'open'>,
    private readonly clock: Clock,
  ) {}

  /** How many clients' connections are spliced now. */
  get splicedConnections(): number {
    return this.spliced.size;
  }

  /**
   * @returns undefined where the client has disconnected meanwhile
   * @throws ProblemError what the client is told
   */
  relay(pod: Pod, request: RelayedRequest, caller: Caller): Promise<Answer | undefined> {
    return this.attached(pod, request, caller, async ({ signal, close }) => {
      const answer = await this.client.send(pod, request, signal);
      onceOver(answer.body, close);
      return this.pass(pod, request, answer, caller);
    });
  }

  /**
   * Asks the executor for an upgrade, and splices the two connections once it has agreed: from then on nobody here looks at what they
   * carry. An answer that is none is relayed as any other.
   *
   * @param switchProtocols tells the client, with these headers, and hands over its connection
   * @returns undefined where the client has disconnected meanwhile
   * @throws ProblemError what the client is told
   */
  upgrade(
    pod: Pod,
    request: RelayedRequest,
    caller: Caller,
    switchProtocols: (headers: PassedHeaders) => Socket,
  ): Promise<Answer | 'spliced' | undefined> {
    return this.attached(pod, request, caller, async (lifetime) => {
      const { socket, ...answer } = await this.client.upgrade(pod, request, lifetime.signal);
      if (socket === undefined) {
        onceOver(answer.body, lifetime.close);
        return this.pass(pod, request, answer, caller);
      }
      if (hasDisconnected(caller)) {
        socket.destroy();
        lifetime.close();
        return undefined;
      }
      this.carry(switchProtocols(headersFor(request, answer)), socket, lifetime);
      return 'spliced';
    });
  }

  private async attached<Result>(
    pod: Pod,
    { body }: RelayedRequest,
    caller: Caller,
    work: (lifetime: Lifetime) => Promise<Result>,
  ): Promise<Result | undefined> {
    if (hasDisconnected(caller)) {
      if (body instanceof Readable) body.destroy();
      return undefined;
    }
    const stream = this.streams.open(pod);
    const leave = (): void => stream.end(new Error('The client has disconnected.'));
    caller.disconnected.addEventListener('abort', leave, { once: true });
    const outlivesRequest = (): void => caller.disconnected.removeEventListener('abort', leave);
    const close = (): void => {
      outlivesRequest();
      stream.close();
    };
    try {
      return await work({ signal: stream.signal, outlivesRequest, close });
    } catch (error) {
      close();
      if (hasDisconnected(caller)) return undefined;
      throw error;
    }
  }

  private pass(
    pod: Pod,
    request: RelayedRequest,
    { status, headers: sent, body }: BoundAnswer,
    caller: Caller,
  ): Answer {
    const headers = headersFor(request, { headers: sent });
    if (status === 204 || status === 304) {
      body.resume();
      return { status, headers };
    }
    body.once('error', (error) => {
      if (!hasDisconnected(caller) && !isDropped(error)) void this.tell(error, pod, caller);
    });
    return { status, headers, body };
  }

  /** The client sees no more than a connection that breaks off. */
  private async tell(error: Error, pod: Pod, { requestId }: Caller): Promise<void> {
    const { code, detail } = await this.client.explainLoss(error, pod);
    this.logger.warn({ sandbox: pod.metadata?.name, requestId, code, detail }, 'an answer broke off on its way');
  }

  private carry(client: Socket, executor: Socket, { signal, outlivesRequest, close }: Lifetime): void {
    const sockets = [client, executor];
    const end = (): void => {
      for (const socket of sockets) socket.unpipe().resume().end();
      this.clock.after(DRAIN_MS, () => sockets.forEach((socket) => socket.destroy()));
    };
    for (const socket of sockets) socket.setKeepAlive(true, KEEP_CONNECTION_MS).setNoDelay(true);
    // A client that sends no more has not gone: only the splice knows when it is over.
    outlivesRequest();
    this.spliced.add(client);
    void splice(client, executor).finally(() => {
      signal.removeEventListener('abort', end);
      this.spliced.delete(client);
      close();
    });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }
}

/** What a client is sent of an answer's headers. */
function headersFor(
  { passes, adapts = (headers) => headers }: RelayedRequest,
  { headers }: Pick<BoundAnswer, 'headers'>,
): PassedHeaders {
  return adapts(endToEnd(headers, passes));
}
