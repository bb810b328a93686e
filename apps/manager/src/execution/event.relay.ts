import { Readable } from 'node:stream';
import type { ErrorEventDto } from '@warmbox/contracts';
import { jsonLine, STREAM_FORM, type ProblemError, type StreamMedia } from '@warmbox/platform';
import { isDropped } from './error.code.js';
import { EventBoundary } from './event.boundary.js';

/** What is buffered for a client that reads slowly, in bytes, beside one event. */
const BUFFER_BYTES = 65_536;

/**
 * An executor's event stream on its way to a client: the same bytes, whole events only. A client that does not read stops
 * the reading from the executor, which in turn stops the command. Where the source is lost, what was sent ends with its last
 * whole event, and an ErrorEvent follows.
 */
export class EventRelay extends Readable {
  private readonly boundary: EventBoundary;

  /**
   * @param source the executor's body; whoever ends the stream early destroys it with the reason.
   * @param explain what the client is told about the source's error; never rejects.
   */
  constructor(
    private readonly source: Readable,
    private readonly media: StreamMedia,
    private readonly explain: (error: unknown) => Promise<ProblemError>,
  ) {
    super({ highWaterMark: BUFFER_BYTES });
    this.boundary = new EventBoundary(media);
    source
      .on('data', (chunk: Buffer) => this.relay(chunk))
      .once('end', () => this.conclude())
      .once('error', (error) => {
        if (isDropped(error)) this.destroy();
        else void this.lose(error);
      });
    // Nothing flows until somebody reads.
    source.pause();
  }

  override _read(): void {
    this.source.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.source.destroy();
    callback(error);
  }

  private relay(chunk: Buffer): void {
    try {
      for (const piece of this.boundary.push(chunk)) if (!this.push(piece)) this.source.pause();
    } catch (error) {
      this.source.destroy(error as Error);
    }
  }

  private conclude(): void {
    if (this.boundary.isWithinEvent) void this.lose(new Error('The executor ended within an event.'));
    else this.push(null);
  }

  private async lose(error: unknown): Promise<void> {
    const { code, detail } = await this.explain(error);
    if (this.destroyed) return;
    const event: ErrorEventDto = { code, detail };
    this.push(STREAM_FORM[this.media].format({ event: 'ErrorEvent', data: jsonLine(event) }));
    this.push(null);
  }
}
