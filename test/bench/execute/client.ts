import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';

/** Where commands are run by HTTP: an executor, a manager, or what stands beside them. */
export interface Endpoint {
  /** Of the POST that executes. */
  url: string;
  headers?: Record<string, string>;
}

/** Of one command, in milliseconds from its request. */
export interface Timing {
  /** Until the first byte of the answer's body. */
  firstMs: number;
  /** Until its end. */
  endMs: number;
  /** Bytes of the body. */
  bytes: number;
}

const PATIENCE_SECONDS = 120;

/** A client with connections of its own, kept alive as those of managers are. */
export class Client {
  private readonly agent = new Agent({ keepAlive: true });
  private readonly url: URL;

  constructor(private readonly endpoint: Endpoint) {
    this.url = new URL(endpoint.url);
  }

  /** Runs a command and reads its stream to the end, as fast as it comes. `encoding` as an executor takes it. */
  async run(command: string, encoding: 'utf8' | 'base64' = 'base64'): Promise<Timing> {
    const begun = performance.now();
    const answer = await this.begin(command, encoding);
    let firstMs: number | undefined;
    let bytes = 0;
    answer.on('data', (chunk: Buffer) => {
      firstMs ??= performance.now() - begun;
      bytes += chunk.length;
    });
    await once(answer, 'end');
    const endMs = performance.now() - begun;
    return { firstMs: firstMs ?? endMs, endMs, bytes };
  }

  /** Runs a command, and takes nothing of its stream; the connection ends with the returned function. */
  async stall(command: string): Promise<() => void> {
    const answer = await this.begin(command, 'base64');
    answer.pause();
    return () => void answer.destroy();
  }

  /** Whether it is there, which is not told by an error. */
  async isThere(): Promise<boolean> {
    const outgoing = request(new URL('/healthz', this.url), { agent: this.agent, headers: this.endpoint.headers });
    outgoing.end();
    try {
      const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
      answer.resume();
      await once(answer, 'end');
      return answer.statusCode === 200;
    } catch {
      return false;
    }
  }

  close(): void {
    this.agent.destroy();
  }

  private async begin(command: string, encoding: string): Promise<IncomingMessage> {
    const body = JSON.stringify({ command, encoding, timeoutSeconds: PATIENCE_SECONDS });
    const { headers } = this.endpoint;
    const outgoing = request(this.url, {
      agent: this.agent,
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
    });
    outgoing.end(body);
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`${command} was answered with ${String(answer.statusCode)}`);
    return answer.on('error', () => undefined);
  }
}
