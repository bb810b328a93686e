import * as http from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';

/** Answers that an API server in trouble gives in place of its own. */
export interface Storm {
  status: 409 | 429 | 500;
  /** Which part of the writes is answered so, from 0 to 1. */
  share: number;
  /** Which part of those had been carried out before: their outcome is unknown to who sent them. */
  carriedOut: number;
}

/** How to get into the API server behind the proxy, beside the headers of each request. */
export type ApiProxyTls = Pick<https.AgentOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

const REASON = { 409: 'Conflict', 429: 'TooManyRequests', 500: 'InternalError' };

/** An HTTP proxy in front of an API server whose watches can be made to say nothing more, and whose writes to fail. */
export class ApiProxy {
  /** How many writes were answered by the storm, by status; those that had been carried out as `500 carried out`. */
  readonly stormed = new Map<string, number>();
  private watchesStalled = false;
  private readonly swallowed: string[] = [];
  private swallows: (request: string) => boolean = () => false;
  private current: Storm | undefined;
  private readonly server = http.createServer((incoming, answer) => this.pass(incoming, answer));
  private readonly watches = new Set<ServerResponse>();
  private readonly agent: http.Agent | https.Agent;

  private constructor(
    private readonly target: string,
    tls: ApiProxyTls,
  ) {
    this.agent = target.startsWith('https:') ? new https.Agent({ ...tls, keepAlive: true }) : new http.Agent();
    // Between two requests of a client; longer than clients keep theirs, so that none is cut while it is sending.
    this.server.keepAliveTimeout = 90_000;
  }

  static async start(target: string, tls: ApiProxyTls = {}): Promise<ApiProxy> {
    const proxy = new ApiProxy(target.replace(/\/+$/, ''), tls);
    await new Promise<void>((resolve) => proxy.server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on watches stay open and deliver nothing; every other request goes on. */
  stallWatches(): void {
    this.watchesStalled = true;
  }

  /** Watches that come deliver again; those that said nothing have lost what they did not say, and break. */
  releaseWatches(): void {
    this.watchesStalled = false;
    for (const answer of this.watches) answer.destroy();
  }

  /** From now on a part of the writes is not answered as the API server would. */
  storm(storm: Storm): void {
    this.current = storm;
  }

  calm(): void {
    this.current = undefined;
  }

  /**
   * From now on requests of this kind get no answer and go no further.
   *
   * @param kind matches method and path, `DELETE /api/v1/…`.
   * @returns those that have come, as they come.
   */
  swallow(kind: RegExp): readonly string[] {
    this.swallows = (what) => kind.test(what);
    return this.swallowed;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    this.agent.destroy();
  }

  private pass(incoming: IncomingMessage, answer: ServerResponse): void {
    const asked = `${incoming.method ?? ''} ${incoming.url ?? ''}`;
    if (this.swallows(asked)) {
      this.swallowed.push(asked);
      return;
    }
    const { current } = this;
    if (current === undefined || !canMeet(asked) || Math.random() >= current.share) {
      this.forward(incoming, answer, (response) => this.relay(incoming, response, answer));
      return;
    }
    const isCarriedOut = Math.random() < current.carriedOut;
    this.count(isCarriedOut ? `${current.status} carried out` : String(current.status));
    const fail = (): void => sendFailure(answer, current.status, asked);
    if (isCarriedOut) this.forward(incoming, answer, (response) => response.on('end', fail).resume());
    else incoming.on('end', fail).resume();
  }

  private forward(incoming: IncomingMessage, answer: ServerResponse, then: (response: IncomingMessage) => void): void {
    const { method, headers } = incoming;
    const request = this.target.startsWith('https:') ? https.request : http.request;
    const options: http.RequestOptions = { method, headers, agent: this.agent };
    const outgoing = request(this.target + (incoming.url ?? ''), options, then);
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }

  private relay(incoming: IncomingMessage, response: IncomingMessage, answer: ServerResponse): void {
    const isWatch = incoming.url?.includes('watch=true') ?? false;
    if (isWatch) {
      this.watches.add(answer);
      answer.on('close', () => this.watches.delete(answer));
    }
    const isStalled = (): boolean => isWatch && this.watchesStalled;
    answer.writeHead(response.statusCode ?? 502, response.headers);
    answer.flushHeaders();
    response.on('data', (chunk: Buffer) => {
      if (!isStalled()) answer.write(chunk);
    });
    response.on('end', () => {
      if (!isStalled()) answer.end();
    });
    response.on('error', () => answer.destroy());
  }

  private count(what: string): void {
    this.stormed.set(what, (this.stormed.get(what) ?? 0) + 1);
  }
}

/** Whether an API server may answer this request so. */
function canMeet(asked: string): boolean {
  return !asked.startsWith('GET ');
}

function sendFailure(answer: ServerResponse, code: Storm['status'], asked: string): void {
  const retryAfterSeconds = code === 429 ? 1 : undefined;
  // A creation conflicts with others only where all of them write one quota.
  const isContention = code === 409 && asked.startsWith('POST ');
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'a storm of the tests',
    reason: REASON[code],
    details: { retryAfterSeconds, kind: isContention ? 'resourcequotas' : undefined },
    code,
  };
  answer.writeHead(code, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  answer.end(JSON.stringify(status));
}
