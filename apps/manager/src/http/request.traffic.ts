import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, type Registry } from 'prom-client';
import { POLICY, type OperationId } from './policy.js';

/** Bytes of a connection that are counted. */
interface Counted {
  read: number;
  written: number;
}

/** A request that is open. */
interface Open {
  socket: Socket;
  operation: OperationId;
}

/**
 * What this manager measures of its own requests, by operation: how many there were and are, and the bytes that their connections carry, as
 * they are on the wire. So uploads, downloads, streams, terminals and relayed connections are measured without a look at any byte of them.
 */
export class RequestTraffic {
  private readonly requests: Counter<'operation' | 'status'>;
  private readonly received: Counter<'operation'>;
  private readonly sent: Counter<'operation'>;
  private readonly open = new Set<Open>();
  /** A connection may carry one request after another: what comes before the next has begun, its head above all, is the next one's. */
  private readonly counted = new WeakMap<Socket, Counted>();

  constructor(registry: Registry) {
    const registers = [registry];
    const labelNames = ['operation'] as const;
    this.requests = new Counter({
      name: 'warmbox_http_requests_total',
      help: 'Requests that are over, by the operation\'s id and the status of the answer; "none" where there was no answer, "other" for a status that is no standard\'s.',
      labelNames: ['operation', 'status'],
      registers,
    });
    this.received = new Counter({
      name: 'warmbox_http_received_bytes_total',
      help: 'Bytes that came on the connections of requests, with their heads.',
      labelNames,
      registers,
      collect: () => this.countAll(),
    });
    this.sent = new Counter({
      name: 'warmbox_http_sent_bytes_total',
      help: 'Bytes that went out on the connections of requests, with their heads.',
      labelNames,
      registers,
      collect: () => this.countAll(),
    });
    const { open } = this;
    new Gauge({
      name: 'warmbox_http_open_requests',
      help: 'Requests whose answer is not out yet, streams and relayed connections among them.',
      labelNames,
      registers,
      collect() {
        for (const operation of Object.keys(POLICY)) this.set({ operation }, 0);
        for (const { operation } of open) this.inc({ operation });
      },
    });
    // A rate counts nothing of a series that begins with its first event.
    for (const operation of Object.keys(POLICY)) {
      this.received.inc({ operation }, 0);
      this.sent.inc({ operation }, 0);
    }
  }

  /** Measures every request for an operation; what matches no route is none. */
  of(fastify: FastifyInstance): void {
    fastify.addHook('onRequest', (request, reply, done) => {
      const { operation } = request.routeOptions.config;
      if (operation !== undefined && !request.is404) {
        const one = { socket: request.raw.socket, operation };
        this.open.add(one);
        reply.raw.once('close', () => {
          this.open.delete(one);
          this.count(one);
          this.requests.inc({ operation, status: statusOf(reply.raw) });
        });
      }
      done();
    });
  }

  private countAll(): void {
    for (const one of this.open) this.count(one);
  }

  private count({ socket, operation }: Open): void {
    const { read, written } = this.counted.get(socket) ?? { read: 0, written: 0 };
    const { bytesRead, bytesWritten } = socket;
    this.counted.set(socket, { read: bytesRead, written: bytesWritten });
    this.received.inc({ operation }, bytesRead - read);
    this.sent.inc({ operation }, bytesWritten - written);
  }
}

/** A server in a sandbox may answer with any number: each would be a series for ever. */
function statusOf({ headersSent, statusCode }: ServerResponse): string {
  if (!headersSent) return 'none';
  return STATUS_CODES[statusCode] === undefined ? 'other' : String(statusCode);
}
