import { Readable } from 'node:stream';
import { KEEP_ALIVE_MS, type Clock, type StreamForm, type Timer } from '@warmbox/platform';
import type { Change } from './change.js';
import { eventOf } from './change.event.js';
import { ChangeQueue } from './change.queue.js';

/** Bytes that wait for whoever reads, beside the changes that wait to be written. */
const BUFFER_BYTES = 16_384;

/** How long changes wait for more, in milliseconds: a file that is being written changes a thousand times a second. */
const GATHER_MS = 20;

/** Changes below a folder as the body of an answer. Whoever reads slowly is told to look again, and nothing waits for them. */
export class ChangeStream extends Readable {
  private readonly queue = new ChangeQueue();
  private gathering: Timer | undefined;
  private keepAlive: Timer | undefined;
  private isWanted = false;
  private isOver = false;

  /** @param folder absolute: what the changes' paths are relative to */
  constructor(
    private readonly folder: Buffer,
    private readonly form: StreamForm,
    private readonly clock: Clock,
  ) {
    super({ highWaterMark: BUFFER_BYTES });
    this.keepAliveLater();
  }

  tell(change: Change): void {
    if (this.isOver || this.destroyed) return;
    this.queue.push(change);
    if (this.isWanted) this.writeLater();
  }

  /** There will be no more: it ends when what waits is written. */
  finish(): void {
    this.isOver = true;
    if (this.isWanted) this.writeLater();
  }

  override _read(): void {
    this.isWanted = true;
    if (this.isOver || !this.queue.isEmpty) this.writeLater();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.gathering?.cancel();
    this.keepAlive?.cancel();
    callback(error);
  }

  private writeLater(): void {
    this.gathering ??= this.clock.after(GATHER_MS, () => {
      this.gathering = undefined;
      this.write();
    });
  }

  private write(): void {
    const text = this.queue
      .take()
      .map((change) => this.form.format(eventOf(change, this.folder)))
      .join('');
    if (text !== '') this.say(text);
    if (this.isOver) this.push(null);
  }

  private say(text: string): void {
    this.isWanted = this.push(text);
    this.keepAliveLater();
  }

  private keepAliveLater(): void {
    this.keepAlive?.cancel();
    this.keepAlive = this.clock.after(KEEP_ALIVE_MS, () => {
      // Who does not read what there is needs no more of it.
      if (this.isWanted) this.say(this.form.keepAlive);
      else this.keepAliveLater();
    });
  }
}
