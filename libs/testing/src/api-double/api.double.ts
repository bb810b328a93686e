import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { applyJsonPatch, StatusError } from '@warmbox/local-cluster/patch';
import type { KubeObject, Pod } from '@warmbox/sandbox';
import { fail, send } from './answer.js';
import { matches, understand, type Asked, type Verb } from './asked.js';
import type { Fault } from './fault.js';
import { Objects, type Change } from './objects.js';

interface Watch {
  collection: string;
  selector: string | null;
  response: ServerResponse;
  /** Neither written to nor ended. */
  muted: boolean;
}

export interface ApiDoubleOptions {
  /** How long a second of `timeoutSeconds` lasts, in real milliseconds (1,000). */
  secondMs?: number;
  /** Watch lines are written in pieces of so many bytes; 0 writes them whole. */
  pieceBytes?: number;
  /** How a watch from a compacted version is told: by an HTTP answer or by an ERROR event in the stream. */
  gone?: 'answer' | 'event';
}

/**
 * An API server that does what a test tells it: real HTTP, real versions, lists, pages and watches of plain objects, and
 * every fault that a client must survive. It knows no semantics beyond that; libs/local-cluster does.
 */
export class ApiDouble {
  readonly asked: Asked[] = [];
  /** Connections that were ever opened. */
  connections = 0;
  objects = new Objects((change) => this.onChange(change));
  private readonly sockets = new Set<Socket>();
  private readonly watches = new Set<Watch>();
  private readonly faults: { verb: Verb; fault: Fault }[] = [];
  private server: Server | undefined;
  private port = 0;
  private silent = false;

  constructor(private readonly options: ApiDoubleOptions = {}) {}

  static async start(options?: ApiDoubleOptions): Promise<ApiDouble> {
    const double = new ApiDouble(options);
    await double.listen();
    return double;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.sockets.size;
  }

  /** Watches that are open now. */
  get watching(): number {
    return this.watches.size;
  }

  count(verb: Verb): number {
    return this.asked.filter((asked) => asked.verb === verb).length;
  }

  /** The next request of that verb meets the fault; several wait for each other in order. */
  fail(verb: Verb, fault: Fault, times = 1): void {
    for (let i = 0; i < times; i += 1) this.faults.push({ verb, fault });
  }

  /** Faults that no request has met yet. */
  get untouched(): number {
    return this.faults.length;
  }

  putPod(pod: Pod): Pod {
    return this.objects.set(podsOf(pod.metadata?.namespace ?? ''), pod);
  }

  deletePod(namespace: string, name: string): KubeObject | undefined {
    return this.objects.delete(podsOf(namespace), name);
  }

  pods(namespace: string): Pod[] {
    return this.objects.list(podsOf(namespace));
  }

  /** Tells every open watch how far it is. */
  bookmark(): void {
    for (const watch of this.watches) this.write(watch, this.reached());
  }

  /** Ends every watch in the middle of a line: by closing the connection (FIN) or by resetting it (RST). */
  cut(how: 'FIN' | 'RST'): void {
    for (const { response } of [...this.watches]) {
      response.write('{"type":"MODIFIED","object":{"metadata":{"name":"half-a-li');
      if (how === 'FIN') response.socket?.end();
      else response.socket?.resetAndDestroy();
    }
  }

  /** From now on watches, open ones and new ones, are neither written to nor ended. */
  stall(): void {
    this.silent = true;
    for (const watch of this.watches) watch.muted = true;
  }

  /** New watches are served again; those that stalled stay as they are. */
  recover(): void {
    this.silent = false;
  }

  /** Goes down with all connections and comes up again on the same port, with its objects or as a new cluster. */
  async restart({ anew = false }: { anew?: boolean } = {}): Promise<void> {
    await this.stop();
    if (anew) this.objects = new Objects((change) => this.onChange(change));
    await this.listen();
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    this.server = undefined;
    for (const socket of this.sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  }

  private async listen(): Promise<void> {
    const server = createServer((request, response) => void this.receive(request, response));
    server.on('connection', (socket) => {
      this.connections += 1;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.keepAliveTimeout = 60_000;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    try {
      for await (const chunk of request) body += String(chunk);
    } catch {
      return;
    }
    const asked = understand(request, body);
    this.asked.push(asked);
    const index = this.faults.findIndex(({ verb }) => verb === asked.verb);
    const [hit] = index < 0 ? [] : this.faults.splice(index, 1);
    if (hit === undefined) this.carryOut(asked, response);
    else hit.fault(asked, response, (to) => this.carryOut(asked, to));
  }

  private carryOut(asked: Asked, response: ServerResponse): void {
    const { verb, collection, name = '', body } = asked;
    const existing = this.objects.get(collection, name);
    if (verb === 'LIST') this.list(asked, response);
    else if (verb === 'WATCH') this.watch(asked, response);
    else if (verb === 'POST') this.create(collection, JSON.parse(body) as KubeObject, response);
    else if (existing === undefined) fail(response, 404, 'NotFound');
    else if (verb === 'GET') send(response, 200, existing);
    else if (verb === 'DELETE') this.delete(collection, existing, body, response);
    else if (verb === 'PATCH') this.patch(collection, existing, body, response);
    else this.replace(collection, existing, JSON.parse(body) as KubeObject, response);
  }

  private create(collection: string, object: KubeObject, response: ServerResponse): void {
    const isTaken = this.objects.get(collection, object.metadata?.name ?? '') !== undefined;
    if (isTaken) fail(response, 409, 'AlreadyExists');
    else send(response, 201, this.objects.set(collection, object));
  }

  private replace(collection: string, existing: KubeObject, object: KubeObject, response: ServerResponse): void {
    const expected = object.metadata?.resourceVersion;
    const isStale = expected !== undefined && expected !== existing.metadata?.resourceVersion;
    if (isStale) fail(response, 409, 'Conflict');
    else send(response, 200, this.objects.set(collection, object));
  }

  private delete(collection: string, existing: KubeObject, body: string, response: ServerResponse): void {
    const { preconditions = {} } = JSON.parse(body || '{}') as { preconditions?: Record<string, string> };
    const { uid, resourceVersion } = { ...existing.metadata, ...preconditions };
    const isSame = uid === existing.metadata?.uid && resourceVersion === existing.metadata?.resourceVersion;
    if (!isSame) fail(response, 409, 'Conflict');
    else send(response, 200, this.objects.delete(collection, existing.metadata?.name ?? ''));
  }

  private patch(collection: string, existing: KubeObject, body: string, response: ServerResponse): void {
    try {
      const document = JSON.parse(JSON.stringify(existing)) as Parameters<typeof applyJsonPatch>[0];
      const patch = JSON.parse(body) as Parameters<typeof applyJsonPatch>[1];
      send(response, 200, this.objects.set(collection, applyJsonPatch(document, patch) as KubeObject));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      fail(response, error.code, error.reason ?? 'Unknown');
    }
  }

  private list({ collection, query }: Asked, response: ServerResponse): void {
    const [version, from] = (query.get('continue') ?? `${this.objects.version}:0`).split(':').map(Number) as [
      number,
      number,
    ];
    if (version < this.objects.compacted) {
      fail(response, 410, 'Expired');
      return;
    }
    const matching = this.objects.list(collection).filter((object) => matches(object, query.get('labelSelector')));
    const limit = Number(query.get('limit') ?? 0) || Infinity;
    const items = matching.slice(from, from + limit);
    const rest = from + items.length < matching.length;
    const next = rest ? `${version}:${from + items.length}` : undefined;
    send(response, 200, { kind: 'List', metadata: { resourceVersion: String(version), continue: next }, items });
  }

  private watch({ collection, query }: Asked, response: ServerResponse): void {
    const from = Number(query.get('resourceVersion') ?? this.objects.version);
    const isGone = from < this.objects.compacted;
    if (isGone && this.options.gone !== 'event') {
      fail(response, 410, 'Expired');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch: Watch = { collection, selector: query.get('labelSelector'), response, muted: this.silent };
    if (isGone) {
      this.write(watch, { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } });
      response.end();
      return;
    }
    this.watches.add(watch);
    response.on('close', () => this.watches.delete(watch));
    for (const change of this.objects.since(from)) this.tell(watch, change);
    const endMs = Number(query.get('timeoutSeconds') ?? 60) * (this.options.secondMs ?? 1000);
    const timer = setTimeout(() => {
      if (watch.muted) return;
      // As the real one does shortly before it ends a round.
      this.write(watch, this.reached());
      response.end();
    }, endMs);
    timer.unref();
    response.on('close', () => clearTimeout(timer));
  }

  private reached(): object {
    return { type: 'BOOKMARK', object: { kind: 'Pod', metadata: { resourceVersion: String(this.objects.version) } } };
  }

  private onChange(change: Change): void {
    for (const watch of this.watches) this.tell(watch, change);
  }

  private tell(watch: Watch, { type, collection, object }: Change): void {
    if (watch.collection === collection && matches(object, watch.selector)) this.write(watch, { type, object });
  }

  private write({ response, muted }: Watch, event: object): void {
    if (muted) return;
    const line = Buffer.from(`${JSON.stringify(event)}\n`);
    const step = this.options.pieceBytes ?? 0;
    if (step === 0) response.write(line);
    else for (let at = 0; at < line.length; at += step) response.write(line.subarray(at, at + step));
  }
}

/** The collection of a namespace's pods. */
export function podsOf(namespace: string): string {
  return `/api/v1/namespaces/${namespace}/pods`;
}
