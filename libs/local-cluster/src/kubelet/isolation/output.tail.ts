import type { Readable } from 'node:stream';
import { aborted } from '../abort.js';

/** Bytes of the newest output that are kept. */
const KEPT = 2_048;

/** How long after a container's end its last words may be on their way, in milliseconds. */
const LAST_WORDS_MS = 500;

/** The end of what a container's main process prints. It comes through pipes: a file would be the guest's to fill. */
export class OutputTail {
  private kept = Buffer.alloc(0);
  private readonly closed: Promise<unknown>;

  constructor(streams: readonly Readable[]) {
    const closed = streams.map((stream) => {
      stream.on('data', (chunk: Buffer) => this.keep(chunk));
      // One that breaks is closed as well.
      stream.on('error', () => undefined);
      return new Promise((resolve) => stream.on('close', resolve));
    });
    this.closed = Promise.all(closed);
  }

  /** After the container's end; a process that has left it may hold the pipes open longer. */
  async text(): Promise<string> {
    await Promise.race([this.closed, aborted(AbortSignal.timeout(LAST_WORDS_MS))]);
    return this.kept.toString('utf8');
  }

  private keep(chunk: Buffer): void {
    // A copy: what is kept must not hold on to the whole chunk.
    this.kept = Buffer.from(Buffer.concat([this.kept, chunk.subarray(-KEPT)]).subarray(-KEPT));
  }
}
