import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP proxy in front of a local cluster's API server whose watches can be made to say nothing more. */
export class ApiProxy {
  private watchesStalled = false;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(target: string): Promise<ApiProxy> {
    let proxy: ApiProxy | undefined = undefined;
    const server = createServer((incoming, answer) => {
      const isWatch = incoming.url?.includes('watch=true') ?? false;
      const { method, headers } = incoming;
      const outgoing = request(target + (incoming.url ?? ''), { method, headers, agent: false }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        answer.flushHeaders();
        response.on('data', (chunk: Buffer) => {
          if (!(isWatch && proxy?.watchesStalled)) answer.write(chunk);
        });
        response.on('end', () => {
          if (!(isWatch && proxy?.watchesStalled)) answer.end();
        });
        response.on('error', () => answer.destroy());
      });
      outgoing.on('error', () => answer.destroy());
      answer.on('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    proxy = new ApiProxy(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return proxy;
  }

  /** From now on watches stay open and deliver nothing; every other request goes on. */
  stallWatches(): void {
    this.watchesStalled = true;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
