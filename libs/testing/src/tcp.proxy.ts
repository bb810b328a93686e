import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What a network does to connections: `open` passes all; `refusing` resets every one, at once; `silent` swallows every byte and resets none. */
export type NetworkState = 'open' | 'refusing' | 'silent';

/** Connections on the way to a server, which a test can cut or hold up; it looks at no byte, so TLS passes through. */
export class TcpProxy {
  private readonly pairs = new Set<[Socket, Socket]>();
  private held = false;
  private state: NetworkState = 'open';
  private delayMs = 0;

  private constructor(private readonly server: Server) {}

  static async start(target: { host: string; port: number }): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new TcpProxy(server);
    server.on('connection', (near) => proxy.join(near, connect({ ...target, allowHalfOpen: true })));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Resets every connection, in the middle of whatever it carries. */
  cut(): void {
    for (const [near, far] of this.pairs) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** Passes on nothing more of what the server says, on any connection. */
  hold(): void {
    this.held = true;
    for (const [, far] of this.pairs) far.pause();
  }

  release(): void {
    this.held = false;
    for (const [, far] of this.pairs) far.resume();
  }

  /** From now on every byte, in both directions, arrives so many milliseconds late. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** Drops what there is and what comes, with a reset. */
  refuse(): void {
    this.state = 'refusing';
    this.cut();
  }

  /** A connection half of which is gone: new ones are accepted, and nobody hears of what is said on any. */
  silence(): void {
    this.state = 'silent';
  }

  /** The network is as it should be again. Connections that lost bytes do not live on. */
  restore(): void {
    if (this.state !== 'open') this.cut();
    this.state = 'open';
    this.delayMs = 0;
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }

  private join(near: Socket, far: Socket): void {
    const pair: [Socket, Socket] = [near, far];
    this.pairs.add(pair);
    this.pass(near, far);
    this.pass(far, near);
    if (this.held) far.pause();
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        // In silence the other side does not hear of it either.
        if (this.state === 'silent') return;
        this.pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    if (this.state === 'refusing') this.cut();
  }

  private pass(from: Socket, to: Socket): void {
    let last: Promise<void> | undefined;
    const deliver = (what: () => void): void => {
      if (this.state === 'open' && to.writable) what();
    };
    const later = (what: () => void): void => {
      if (this.delayMs === 0 && last === undefined) {
        deliver(what);
        return;
      }
      // One after the other, also where the delay is over: bytes do not overtake bytes.
      const due = delay(this.delayMs);
      const mine = Promise.all([last, due]).then(() => {
        deliver(what);
        if (last === mine) last = undefined;
      });
      last = mine;
    };
    from.on('data', (data) => later(() => to.write(data)));
    from.on('end', () => later(() => to.end()));
  }
}
