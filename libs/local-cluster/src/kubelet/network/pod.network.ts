import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { Pod } from '@warmbox/sandbox';

/** Where one pod is reached. */
export interface PodAddress {
  host: string;
  port: number;
  /** Gives the address back; it is used again as late as possible. */
  release(): void;
}

/** The port of executors, and of the listener that holds a block of addresses. */
const POD_PORT = 8666;

/** Blocks of addresses, 127.64.0.0/16 to 127.127.0.0/16; of each, the first and the last are no pod's. */
const BLOCKS = { first: 64, count: 64 };
const BLOCK_SIZE = 65_536;

/** Ports of pods where there is one address only: below those that systems hand out by themselves. */
const PORTS = { first: 20_000, count: 12_000 };

/** How long a port that was written into a pod stays that pod's before the pod has come to the kubelet, in milliseconds. */
const RESERVED_MS = 60_000;

/**
 * Addresses for pods on this machine's loopback interface: each its own of 127.0.0.0/8 where the system has them all
 * (Linux), else a port of its own on 127.0.0.1 (macOS), which is written into the pod when it is admitted.
 *
 * A block of 65,534 addresses belongs to one network at a time: it listens on the block's last address for as long as it
 * lives, so that two clusters on one machine never give out the same one.
 */
export class PodNetwork {
  private readonly taken = new Set<number>();
  private readonly reserved = new Map<number, number>();
  private next = 0;

  private constructor(
    private readonly holder: { server: Server; block: number } | undefined,
    private readonly random: () => number,
    private readonly now: () => number,
  ) {}

  /** @param random a number from 0 to below 1; where the search for a free block, or port, begins. */
  static async open(random: () => number = Math.random, now: () => number = Date.now): Promise<PodNetwork> {
    const start = Math.floor(random() * BLOCKS.count);
    for (let offset = 0; offset < BLOCKS.count; offset += 1) {
      const block = BLOCKS.first + ((start + offset) % BLOCKS.count);
      const server = await hold(`127.${block}.255.255`);
      if (server === 'none') break;
      if (server !== 'taken') return new PodNetwork({ server, block }, random, now);
    }
    return PodNetwork.ofPorts(random, now);
  }

  /** A network that knows one address only. */
  static ofPorts(random: () => number = Math.random, now: () => number = Date.now): PodNetwork {
    return new PodNetwork(undefined, random, now);
  }

  get hasAddresses(): boolean {
    return this.holder !== undefined;
  }

  /** Changes a pod that is about to be created: it gets ports of its own where there is one address only. */
  admit(pod: Pod): void {
    if (this.hasAddresses) return;
    for (const { ports = [] } of pod.spec?.containers ?? []) {
      for (const port of ports) port.containerPort = this.reservePort();
    }
  }

  /** An address that no other living pod has. */
  allocate(pod: Pod): PodAddress {
    const port = pod.spec?.containers[0]?.ports?.[0]?.containerPort ?? POD_PORT;
    if (this.holder === undefined) {
      this.reserved.delete(port);
      this.taken.add(port);
      return { host: '127.0.0.1', port, release: () => this.taken.delete(port) };
    }
    const index = this.nextFree(BLOCK_SIZE - 2, (candidate) => !this.taken.has(candidate));
    this.taken.add(index);
    const number = index + 1;
    const host = `127.${this.holder.block}.${number >> 8}.${number & 255}`;
    return { host, port, release: () => this.taken.delete(index) };
  }

  async close(): Promise<void> {
    const server = this.holder?.server;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  private reservePort(): number {
    const now = this.now();
    for (const [port, since] of this.reserved) if (now - since > RESERVED_MS) this.reserved.delete(port);
    if (this.next === 0) this.next = Math.floor(this.random() * PORTS.count);
    const isFree = (index: number): boolean =>
      !this.taken.has(PORTS.first + index) && !this.reserved.has(PORTS.first + index);
    const port = PORTS.first + this.nextFree(PORTS.count, isFree);
    this.reserved.set(port, now);
    return port;
  }

  /** Goes round, so that what was given back is given out again last. */
  private nextFree(count: number, isFree: (index: number) => boolean): number {
    for (let tried = 0; tried < count; tried += 1) {
      const index = (this.next + tried) % count;
      if (!isFree(index)) continue;
      this.next = (index + 1) % count;
      return index;
    }
    throw new Error(`All ${count} addresses of pods are in use.`);
  }
}

/** A listener on a block's last address; `taken` where somebody listens there, `none` where the system has no such address. */
async function hold(host: string): Promise<Server | 'taken' | 'none'> {
  const server = createServer((socket) => socket.destroy());
  server.listen({ host, port: POD_PORT });
  try {
    await once(server, 'listening');
    return server;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'taken' : 'none';
  }
}
