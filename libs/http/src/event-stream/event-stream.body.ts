import { Readable } from 'node:stream';
import type { Observable, Subscription } from 'rxjs';
import {
  contentTypeOf,
  EVENT_STREAM_HEADERS,
  KEEP_ALIVE_MS,
  MEDIA,
  STREAM_FORM,
  type Clock,
  type StreamEvent,
  type Timer,
} from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendBody } from '../send.body.js';

/** What may wait for a client that does not read, in bytes; whoever is further behind is cut off. */
const PENDING_MAX_BYTES = 1_048_576;

/**
 * Few events, as they come, as the body of an answer in Server-Sent Events; for what is told of a creation or a pool. An Observable cannot
 * be paused: output of commands goes another way. Whoever stops reading the body (its client has gone) unsubscribes.
 */
export class EventStreamBody extends Readable {
  private readonly form = STREAM_FORM[MEDIA.eventStream];
  private readonly subscription: Subscription;
  private timer: Timer | undefined;

  constructor(
    events: Observable<StreamEvent>,
    private readonly clock: Clock,
  ) {
    super({ highWaterMark: PENDING_MAX_BYTES });
    this.keepAliveLater();
    this.subscription = events.subscribe({
      next: (event) => this.say(this.form.format(event)),
      error: (error: unknown) => this.destroy(error as Error),
      complete: () => this.conclude(),
    });
    // One that was over at once.
    if (this.destroyed) this.subscription.unsubscribe();
  }

  override _read(): void {
    // Events come when they come.
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.timer?.cancel();
    (this.subscription as Subscription | undefined)?.unsubscribe();
    callback(error);
  }

  private say(text: string): void {
    if (this.destroyed) return;
    if (!this.push(text)) this.destroy();
    else this.keepAliveLater();
  }

  private conclude(): void {
    this.timer?.cancel();
    this.push(null);
  }

  private keepAliveLater(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(KEEP_ALIVE_MS, () => {
      // Who does not read what there is needs no more of it.
      if (this.readableLength === 0) this.say(this.form.keepAlive);
      else this.keepAliveLater();
    });
  }
}

/** Answers 200 with the events as they come; a HEAD request with the head alone. */
export function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  events: Observable<StreamEvent>,
  clock: Clock,
): void {
  const headers = { 'content-type': contentTypeOf(MEDIA.eventStream), ...EVENT_STREAM_HEADERS };
  if (request.method === 'HEAD') void reply.status(200).headers(headers).send();
  else sendBody(reply, { status: 200, headers, body: new EventStreamBody(events, clock) });
}
