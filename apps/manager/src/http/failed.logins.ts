import { isIPv6 } from 'node:net';
import type { Clock } from '@warmbox/platform';

/** Wrong keys of one address within WINDOW_MS after which it is told to wait. */
export const FAILURES_MAX = 20;
const WINDOW_MS = 60_000;

/** Addresses that are remembered at most; beyond them the one whose window began first is forgotten. */
const ADDRESSES_MAX = 10_000;

/** What is to be done about a wrong key. */
export interface Failure {
  /** Which one of its address it is within the window, from 1. */
  count: number;
  /** Seconds until the address is asked again what is wrong; undefined below the limit. */
  waitSeconds?: number;
}

interface Window {
  beganAt: number;
  count: number;
}

/**
 * Counts wrong keys by the address that they come from; an IPv6 address stands for its /64, which is one customer's. It bounds what
 * guessing costs us (lines of the log, and attention), not who gets in: a right key always does, or anybody behind the same proxy could
 * lock the others out. What keeps guesses from being right is the length of the key.
 */
export class FailedLogins {
  private readonly windows = new Map<string, Window>();

  constructor(private readonly clock: Clock) {}

  add(address: string): Failure {
    const network = networkOf(address);
    const now = this.clock.monotonic();
    let window = this.windows.get(network);
    if (window === undefined || now - window.beganAt >= WINDOW_MS) {
      window = { beganAt: now, count: 0 };
      // Anew, so that the first of the map is always the oldest.
      this.windows.delete(network);
      this.windows.set(network, window);
      this.forgetBeyond(ADDRESSES_MAX);
    }
    window.count += 1;
    if (window.count <= FAILURES_MAX) return { count: window.count };
    return { count: window.count, waitSeconds: Math.ceil((window.beganAt + WINDOW_MS - now) / 1000) };
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.windows.size;
  }

  private forgetBeyond(most: number): void {
    for (const network of this.windows.keys()) {
      if (this.windows.size <= most) return;
      this.windows.delete(network);
    }
  }
}

/** The address itself where it is IPv4, also as IPv6 writes it; of IPv6 the first 64 bits. */
export function networkOf(address: string): string {
  const [bare = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return `${[...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4).join(':')}::/64`;
}
