import { Backoff, type Clock, Deadline, pause } from '@warmbox/platform';
import type { KubeObject } from '@warmbox/sandbox';
import type { KubeClient } from '../client/kube.client.js';
import type { KubeLog } from '../client/kube.log.js';
import { reported } from '../errors/kube.remedy.js';
import type { Resource } from '../client/kube.resource.js';

/** How long the server is asked to keep one WATCH open, in seconds: the middle of the range, and how far it reaches. */
const ROUND_SECONDS = 15;
const ROUND_JITTER_SECONDS = 5;
/** How long after its time a WATCH may take to end before it counts as stalled, in milliseconds. */
const STALL_GRACE_MS = 5_000;
const RETRY = { initialMs: 100, maxMs: 2_000 };
/** A round shorter than this, in milliseconds, without an event: a server or proxy that must not be asked all the time. */
const SHORT_ROUND_MS = 1_000;

/** Who is told of the object as of a resourceVersion; undefined: there is none. */
export type ObjectSink<T> = (object: T | undefined, version: string) => void;

/**
 * One object, by LIST and WATCH with a field selector. After whatever breaks a round it begins again with a LIST, which for
 * one object costs no more than a GET and tells its absence too; it never gives up.
 */
export class ObjectWatch<T extends KubeObject> {
  private readonly backoff: Backoff;
  private round = new AbortController();
  private position: string | undefined;
  private failing = false;

  constructor(
    private readonly client: Pick<KubeClient, 'list' | 'watch'>,
    private readonly resource: Resource<T>,
    private readonly key: { namespace: string; name: string },
    private readonly sink: ObjectSink<T>,
    private readonly clock: Clock,
    private readonly random: () => number,
    private readonly log: KubeLog,
  ) {
    this.backoff = new Backoff(RETRY, random);
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.round.abort(signal.reason), { once: true });
    while (!signal.aborted) await this.attempt(signal);
  }

  private async attempt(signal: AbortSignal): Promise<void> {
    this.round = new AbortController();
    try {
      await this.follow(this.round.signal);
    } catch (error) {
      this.position = undefined;
      // The stop, or somebody saw that the watch is stalled: no reason to wait.
      if (this.round.signal.aborted) return;
      if (!this.failing) {
        const message = 'the watch of an object is broken; trying again';
        const [context, text] = reported(error, message, this.key.namespace);
        this.log.warn({ ...context, ...this.what }, text);
      }
      this.failing = true;
      await pause(this.clock, this.backoff.next(), signal);
    }
  }

  /** Begins again at once: it was seen that the watch has missed something. */
  restart(): void {
    this.round.abort(new Error(`The watch of ${this.resource.kind} ${this.key.name} has stalled.`));
  }

  private async follow(stop: AbortSignal): Promise<void> {
    const began = this.clock.monotonic();
    this.position ??= await this.list(stop);
    const timeoutSeconds = Math.round(ROUND_SECONDS + ROUND_JITTER_SECONDS * (2 * this.random() - 1));
    const deadline = new Deadline(timeoutSeconds * 1000 + STALL_GRACE_MS, this.clock, stop);
    let events = 0;
    try {
      for await (const event of this.client.watch(this.resource, this.key.namespace, {
        fieldSelector: this.selector,
        resourceVersion: this.position,
        timeoutSeconds,
        signal: deadline.signal,
      })) {
        events += 1;
        const version = event.object.metadata?.resourceVersion ?? '';
        this.position = version;
        if (event.type !== 'BOOKMARK') this.sink(event.type === 'DELETED' ? undefined : event.object, version);
        this.proved();
      }
    } finally {
      deadline.release();
    }
    if (deadline.signal.aborted) throw deadline.signal.reason;
    if (events === 0 && this.clock.monotonic() - began < SHORT_ROUND_MS) {
      throw new Error(`The watch of ${this.resource.kind} ${this.key.name} ended at once and without an event.`);
    }
    this.proved();
  }

  private async list(signal: AbortSignal): Promise<string> {
    const { metadata, items } = await this.client.list(
      this.resource,
      this.key.namespace,
      { fieldSelector: this.selector },
      { signal },
    );
    const version = metadata.resourceVersion ?? '';
    const object = items.find((item) => item.metadata?.name === this.key.name);
    this.sink(object, object?.metadata?.resourceVersion ?? version);
    return version;
  }

  private proved(): void {
    this.backoff.reset();
    if (this.failing) this.log.log(this.what, 'the watch of an object is back');
    this.failing = false;
  }

  private get what(): { kind: string; name: string } {
    return { kind: this.resource.kind, name: this.key.name };
  }

  private get selector(): string {
    return `metadata.name=${this.key.name}`;
  }
}
