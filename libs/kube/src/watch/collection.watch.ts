import { Backoff, type Clock, Deadline, pause } from '@warmbox/platform';
import type { KubeObject } from '@warmbox/sandbox';
import type { KubeClient, WatchEvent } from '../client/kube.client.js';
import { KubeApiError } from '../errors/kube.error.js';
import type { KubeLog } from '../client/kube.log.js';
import { reported } from '../errors/kube.remedy.js';
import type { Resource } from '../client/kube.resource.js';
import { listPages } from '../client/list.pages.js';
import { isLater } from './resource.version.js';

export interface CollectionWatchOptions {
  namespace: string;
  /** Objects per page of a LIST. A page is in memory as a whole, and a pod as the API server sends it takes tens of KB there. */
  pageSize: number;
  /** How long the server is asked to keep one WATCH open, in seconds: the middle of the range, and how far it reaches. */
  roundSeconds: number;
  roundJitterSeconds: number;
  /** How long after its time a WATCH may take to end before it counts as stalled, in milliseconds. */
  stallGraceMs: number;
  /** How long one page of a LIST may take, in milliseconds. */
  listTimeoutMs: number;
  /** Delays between attempts, in milliseconds. */
  retryInitialMs: number;
  retryMaxMs: number;
}

export const COLLECTION_WATCH_DEFAULTS = {
  pageSize: 100,
  roundSeconds: 15,
  roundJitterSeconds: 5,
  stallGraceMs: 5_000,
  listTimeoutMs: 30_000,
  retryInitialMs: 100,
  retryMaxMs: 5_000,
} satisfies Omit<CollectionWatchOptions, 'namespace'>;

/** A server under load may ask for patience, but not for so much that the view is old for long, in milliseconds. */
const RETRY_AFTER_MAX_MS = 10_000;

/** How long the server is asked to keep the first WATCH after a failure open, in seconds. */
const RECOVERY_SECONDS = 2;

/** The cause that the API server gives where a version is beyond all that it knows. */
const TOO_LARGE = 'ResourceVersionTooLarge';

/** What is watched. */
export interface Collection<T> {
  resource: Resource<T>;
  labelSelector: string;
  /** Keeps of an object what is in use. */
  trim: (object: T) => T;
  /** For the log. */
  noun: string;
}

/** Who is told what the watch sees. Objects are trimmed. */
export interface CollectionSink<T> {
  /** Every object there is, as of a resourceVersion. */
  replace(objects: T[], resourceVersion: string): void;
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
  /** Nothing happened up to this resourceVersion. */
  advance(resourceVersion: string): void;
  /** The server has just shown that what was told is current. */
  alive(): void;
}

/** A round ended before it began to be one. Servers and proxies that do this all the time must not be asked all the time. */
class ShortRoundError extends Error {
  override readonly name = 'ShortRoundError';
}

/** The server's versions went back. */
class HistoryLostError extends Error {
  override readonly name = 'HistoryLostError';
}

/**
 * One LIST, then one WATCH after the other, each from where the last one ended. A lost history (410) begins again with a
 * LIST; everything else is tried again after a growing, jittered delay; it never gives up. Rounds are short, so that even a
 * quiet server proves several times a minute that it is still there.
 *
 * Not guaranteed: where etcd is restored from a backup, versions go back, and a real API server says nothing about that to a
 * watch from the future. It is noticed with the first bookmark or event; managers are restarted after a restore, like every
 * other controller.
 */
export class CollectionWatch<T extends KubeObject> {
  private readonly backoff: Backoff;
  private position: string | undefined;
  private failing = false;

  constructor(
    private readonly client: Pick<KubeClient, 'list' | 'watch'>,
    private readonly collection: Collection<T>,
    private readonly options: CollectionWatchOptions,
    private readonly sink: CollectionSink<T>,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly log: KubeLog,
  ) {
    this.backoff = new Backoff({ initialMs: options.retryInitialMs, maxMs: options.retryMaxMs }, random);
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.attempt(signal);
  }

  private async attempt(signal: AbortSignal): Promise<void> {
    try {
      this.position ??= await this.list(signal);
      await this.round(this.position, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (isHistoryLost(error)) this.position = undefined;
      this.report(error);
      await pause(this.clock, this.delayAfter(error), signal);
    }
  }

  /** Tells the sink all objects, and returns the resourceVersion that a watch goes on from. */
  private async list(signal: AbortSignal): Promise<string> {
    const { namespace, pageSize, listTimeoutMs } = this.options;
    const { resource, labelSelector, trim } = this.collection;
    const objects: T[] = [];
    let resourceVersion = '0';
    const query = { labelSelector, limit: pageSize };
    const options = { signal, timeoutMs: listTimeoutMs };
    for await (const { metadata, items } of listPages(this.client, resource, namespace, query, options)) {
      for (const object of items) objects.push(trim(object));
      resourceVersion = metadata.resourceVersion ?? resourceVersion;
    }
    this.sink.replace(objects, resourceVersion);
    this.sink.alive();
    return resourceVersion;
  }

  private async round(from: string, stop: AbortSignal): Promise<void> {
    const { namespace, roundSeconds, roundJitterSeconds, stallGraceMs } = this.options;
    const spread = roundJitterSeconds * (2 * this.random() - 1);
    // After trouble a short one, so that the store is known to be current again soon.
    const timeoutSeconds = this.failing ? RECOVERY_SECONDS : Math.round(roundSeconds + spread);
    const began = this.clock.monotonic();
    let events = 0;
    const deadline = new Deadline(timeoutSeconds * 1000 + stallGraceMs, this.clock, stop);
    try {
      for await (const event of this.client.watch(this.collection.resource, namespace, {
        labelSelector: this.collection.labelSelector,
        resourceVersion: from,
        timeoutSeconds,
        signal: deadline.signal,
      })) {
        events += 1;
        this.take(event);
      }
    } finally {
      deadline.release();
    }
    if (stop.aborted) return;
    if (deadline.passed) throw deadline.signal.reason;
    if (events === 0 && this.clock.monotonic() - began < 1000) {
      throw new ShortRoundError('The watch ended within a second and without an event.');
    }
    this.proved();
  }

  private take(event: WatchEvent<T>): void {
    const version = event.object.metadata?.resourceVersion;
    if (version === undefined || isLater(this.position, version)) {
      // Versions only grow, unless the server was restored or began anew; then no event of it can be believed.
      throw new HistoryLostError(`The watch went from version ${this.position ?? ''} to ${version ?? 'none'}.`);
    }
    this.position = version;
    if (event.type === 'BOOKMARK') this.sink.advance(version);
    else this.sink.apply(event.type, this.collection.trim(event.object));
    this.proved();
  }

  private proved(): void {
    this.backoff.reset();
    this.sink.alive();
    if (this.failing) this.log.log({}, `the ${this.collection.noun} watch is back`);
    this.failing = false;
  }

  private report(error: unknown): void {
    // The first failure of a row is told; the rest of it would only say the same.
    if (!this.failing && !isHistoryLost(error)) {
      const message = `the ${this.collection.noun} watch is broken; trying again`;
      this.log.warn(...reported(error, message, this.options.namespace));
    }
    this.failing = true;
  }

  /** Milliseconds to wait: what the server asked for, within bounds, and never less than the back-off. */
  private delayAfter(error: unknown): number {
    const retryAfterMs = error instanceof KubeApiError ? (error.retryAfterSeconds ?? 0) * 1000 : 0;
    return Math.max(this.backoff.next(), Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
  }
}

/** Whether the watch cannot go on from where it was: compacted, or (after a restore) not yet there. */
function isHistoryLost(error: unknown): boolean {
  if (error instanceof HistoryLostError) return true;
  if (!(error instanceof KubeApiError)) return false;
  return error.status === 410 || (error.body.details?.causes ?? []).some(({ reason }) => reason === TOO_LARGE);
}
