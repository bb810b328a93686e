import { Readable } from 'node:stream';
import type { ErrorEventDto } from '@warmbox/dto';
import { isDropped, jsonLine, ProblemError, STREAM_FORM, type StreamMedia } from '@warmbox/platform';
import { EventBoundary } from './event.boundary.js';
import { ExecutorStopsError } from '../executors/executor.failure.js';
import { stopIn, withWholeEnd } from './last.words.js';

/** What is buffered for a client that reads slowly, in bytes, beside one event. */
const BUFFER_BYTES = 65_536;

/** Sees what passes, and how it ends; hears nothing where its client leaves before that. */
export interface RelayObserver {
  /** Whole events, or what stands between two. */
  passes: (piece: Buffer) => void;
  /** All of it has come. */
  ends: () => void;
  /** Its source was lost; the client is told this, unless it leaves meanwhile. */
  loses: (problem: ProblemError) => void;
}

/**
 * An executor's event stream on its way to a client: the same bytes, whole events only. A client that does not read stops
 * the reading from the executor, which in turn stops the command. Where the source is lost, what was sent ends with its last
 * whole event, and an ErrorEvent follows.
 */
export class EventRelay extends Readable {
  private readonly boundary: EventBoundary;
  /** The executor has said that it stops. */
  private isStopping = false;
  private lostBy: ProblemError | undefined;

  /**
   * @param source the executor's body; whoever ends the stream early destroys it with the reason.
   * @param explain what the client is told about the source's error; never rejects.
   */
  constructor(
    private readonly source: Readable,
    private readonly media: StreamMedia,
    private readonly explain: (error: unknown) => Promise<ProblemError>,
    private readonly observer?: RelayObserver,
  ) {
    super({ highWaterMark: BUFFER_BYTES });
    this.boundary = new EventBoundary(media);
    source
      .on('data', (chunk: Buffer) => this.relay(chunk))
      .once('end', () => this.conclude())
      .once('error', (error) => {
        if (isDropped(error)) this.destroy();
        else
          void this.lose(
            this.isStopping && !(error instanceof ProblemError) ? new ExecutorStopsError('The executor stops.') : error,
          );
      });
    // Nothing flows until somebody reads.
    source.pause();
  }

  /** What the source was lost by, once the client is told so; undefined where the stream is whole. */
  get loss(): ProblemError | undefined {
    return this.lostBy;
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
      for (const piece of withWholeEnd(this.boundary.push(chunk))) this.pass(piece);
    } catch (error) {
      this.source.destroy(error as Error);
    }
  }

  /** That its sandbox ends is not passed on as the executor says it: the cluster knows better what it ends of. */
  private pass(piece: Buffer): void {
    const stop = stopIn(piece, this.media);
    if (stop !== undefined) this.isStopping = true;
    this.observer?.passes(piece);
    if (!this.push(stop === undefined ? piece : piece.subarray(0, stop))) this.source.pause();
  }

  private conclude(): void {
    if (this.isStopping) void this.lose(new ExecutorStopsError('The executor stops.'));
    else if (this.boundary.isWithinEvent) void this.lose(new Error('The executor ended within an event.'));
    else {
      this.observer?.ends();
      this.push(null);
    }
  }

  private async lose(error: unknown): Promise<void> {
    const problem = await this.explain(error);
    this.observer?.loses(problem);
    if (this.destroyed) return;
    this.lostBy = problem;
    const { code, detail, members } = problem;
    const event: ErrorEventDto = { code, detail, cause: members.cause };
    this.push(STREAM_FORM[this.media].format({ event: 'ErrorEvent', data: jsonLine(event) }));
    this.push(null);
  }
}
