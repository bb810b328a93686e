import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bearerOf, passwordOf, sameSecret, systemClock, type Clock } from '@warmbox/platform';
import type { Namespace, Pod } from '@warmbox/sandbox';
import { NamespaceController } from './controllers/namespace.controller.js';
import { QuotaController } from './controllers/quota.controller.js';
import { ApiHandler } from './http/api.handler.js';
import { RequestAbortedError } from './http/body.js';
import { discover } from './http/discovery.js';
import { sendError, sendJson, sendText } from './http/send.js';
import { NAMESPACE_KIND } from './kinds/cluster.kinds.js';
import type { Stored } from './kinds/kind.js';
import { KINDS } from './kinds/kinds.js';
import { internal, methodNotAllowed, StatusError } from './status.error.js';
import { ObjectStore } from './store/object.store.js';
import { create } from './writes/create.js';
import type { WriteContext } from './writes/write.context.js';

export interface ApiServerOptions {
  /** Every request must carry it as a bearer token. */
  token: string;
  /** Where it listens (127.0.0.1). */
  host?: string;
  /** 0, the default, takes a free one. */
  port?: number;
  /** Namespaces that exist from the start (default). */
  namespaces?: readonly string[];
  /** May change a pod that is being created, in place, before it is validated. */
  admit?: (pod: Pod) => void;
  /** Changes of each kind that a watch can resume from and a list can go back to (5,000). */
  historySize?: number;
  /** How often a watch that asked for bookmarks gets one (60,000). */
  bookmarkIntervalMs?: number;
  /** Events that may wait for a slow watch; one that is behind by more is cut off (10,000). */
  watchQueueSize?: number;
  /** How long after its cause a quota's status follows (20). */
  quotaDelayMs?: number;
  clock?: Clock;
  random?: () => number;
  /** Told of what nobody expected; the client gets 500. */
  onError?: (error: unknown) => void;
}

const HEALTH_PATHS = ['/livez', '/readyz', '/healthz'];
/** Open to everybody, as with the real one; a token that is wrong is refused there too. */
const OPEN_PATHS = [...HEALTH_PATHS, '/version'];

/**
 * The part of the Kubernetes API that the manager uses, over HTTP, in memory. It follows the rules of a real API server
 * (1.34); test/conformance holds both to the same suite.
 *
 * What it leaves out: YAML and protobuf, service accounts and their volumes, managedFields and server-side apply, OpenAPI
 * documents, events, quotas on anything but the number of pods, and users: who has the token may do everything.
 */
export class ApiServer {
  private readonly server = createServer((request, response) => void this.serve(request, response));
  private readonly store: ObjectStore;
  private readonly handler: ApiHandler;
  private readonly controllers: { stop(): void }[];

  constructor(private readonly options: ApiServerOptions) {
    const { clock = systemClock, random = Math.random, admit, historySize = 5_000, namespaces = ['default'] } = options;
    this.store = new ObjectStore(KINDS, historySize);
    const context: WriteContext = { store: this.store, clock, random, admit };
    const { bookmarkIntervalMs = 60_000, watchQueueSize = 10_000 } = options;
    this.handler = new ApiHandler(context, { bookmarkIntervalMs, queueSize: watchQueueSize });
    this.controllers = [
      new QuotaController(this.store, clock, options.quotaDelayMs ?? 20),
      new NamespaceController(context),
    ];
    for (const name of namespaces) {
      const namespace: Namespace & Stored = { metadata: { name } };
      create(context, NAMESPACE_KIND, '', namespace, { dryRun: false });
    }
    // Between two requests of a client; longer than clients keep theirs, so that none is cut while it is sending.
    this.server.keepAliveTimeout = 90_000;
  }

  /** @returns where it listens. */
  async start(): Promise<{ url: string }> {
    const { host = '127.0.0.1', port = 0 } = this.options;
    this.server.listen(port, host);
    await once(this.server, 'listening');
    const { port: chosen } = this.server.address() as AddressInfo;
    return { url: `http://${host}:${chosen}` };
  }

  /** Ends watches, closes every connection, and resolves when nothing is left. */
  async stop(): Promise<void> {
    for (const controller of this.controllers) controller.stop();
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    this.handler.endWatches();
    this.server.closeAllConnections();
    await closed;
  }

  /** Dies with every connection, and is back at the same address after so many milliseconds: what is stored stays. */
  async restart(downMs: number): Promise<void> {
    const { address, port } = this.server.address() as AddressInfo;
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
    await (this.options.clock ?? systemClock).sleep(downMs);
    this.server.listen(port, address);
    await once(this.server, 'listening');
  }

  /** Forgets the history: watches and lists that ask for an older version are answered 410. */
  compact(): void {
    this.store.compact();
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.answer(request, response);
    } catch (error) {
      if (error instanceof RequestAbortedError) return;
      if (!(error instanceof StatusError)) this.options.onError?.(error);
      if (response.headersSent) response.destroy();
      else sendError(response, error instanceof StatusError ? error : internal('Internal error occurred'));
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(`http://localhost${request.url ?? '/'}`);
    this.authenticate(request, url.pathname);
    const discovered = discover(url.pathname);
    if (HEALTH_PATHS.includes(url.pathname)) sendText(response, 200, 'ok');
    else if (discovered !== undefined) {
      if (request.method !== 'GET') throw methodNotAllowed();
      sendJson(response, 200, discovered);
    } else if (/^\/(api|apis\/[^/]+)\/[^/]+\/./.test(url.pathname)) await this.handler.handle(request, response, url);
    else sendText(response, 404, '404 page not found\n');
  }

  private authenticate({ headers: { authorization } }: IncomingMessage, path: string): void {
    if (authorization === undefined && OPEN_PATHS.includes(path)) return;
    // kubectl sends no bearer token over plain HTTP, but the user and password of the server's URL.
    const token = bearerOf(authorization) ?? passwordOf(authorization);
    if (token === undefined || !sameSecret(token, this.options.token)) {
      throw new StatusError(401, 'Unauthorized', 'Unauthorized');
    }
  }
}
