import { KubeApiError, listPages, PODS, type KubeClient, type KubeLog } from '@warmbox/kube';
import { Backoff, type Clock, pause } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { isAborted } from '../abort.js';

/** Who is told of pods. */
export interface PodSink {
  /** Every pod there is. */
  replace(pods: Pod[]): void;
  changed(pod: Pod): void;
  deleted(pod: Pod): void;
}

/** How long the server is asked to keep one watch open, in seconds, and how much longer it may take to end it, in milliseconds. */
const ROUND_SECONDS = 60;
const STALL_GRACE_MS = 10_000;
const SHORT_ROUND_MS = 1_000;
const PAGE_SIZE = 500;

/**
 * All pods as the API server has them, ours and others', in full: LIST, then WATCH from there, round after round. A lost
 * history (410) begins anew with a LIST, everything else is tried again after a growing delay; it never gives up.
 */
export class PodFeed {
  private readonly backoff: Backoff;
  private position: string | undefined;

  constructor(
    private readonly client: Pick<KubeClient, 'list' | 'watch'>,
    private readonly namespace: string | undefined,
    private readonly sink: PodSink,
    private readonly clock: Clock,
    private readonly log: KubeLog,
    random?: () => number,
  ) {
    this.backoff = new Backoff({ initialMs: 50, maxMs: 5_000 }, random);
  }

  /** Runs until the signal aborts; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.position ??= await this.list(signal);
        await this.watch(this.position, signal);
      } catch (error) {
        if (isAborted(signal)) return;
        if (error instanceof KubeApiError && error.status === 410) this.position = undefined;
        else this.log.warn({ err: error }, 'the watch of pods broke off; trying again');
        await pause(this.clock, this.backoff.next(), signal);
      }
    }
  }

  private async list(signal: AbortSignal): Promise<string> {
    const pods: Pod[] = [];
    let resourceVersion = '0';
    const options = { signal, timeoutMs: 30_000 };
    for await (const page of listPages(this.client, PODS, this.namespace, { limit: PAGE_SIZE }, options)) {
      pods.push(...page.items);
      resourceVersion = page.metadata.resourceVersion ?? resourceVersion;
    }
    this.sink.replace(pods);
    return resourceVersion;
  }

  private async watch(from: string, stop: AbortSignal): Promise<void> {
    const stalled = AbortSignal.timeout(ROUND_SECONDS * 1000 + STALL_GRACE_MS);
    const signal = AbortSignal.any([stop, stalled]);
    const query = { resourceVersion: from, timeoutSeconds: ROUND_SECONDS, signal };
    const began = this.clock.monotonic();
    for await (const event of this.client.watch(PODS, this.namespace, query)) {
      this.backoff.reset();
      this.position = event.object.metadata?.resourceVersion ?? this.position;
      if (event.type === 'DELETED') this.sink.deleted(event.object);
      else if (event.type !== 'BOOKMARK') this.sink.changed(event.object);
    }
    if (this.clock.monotonic() - began > SHORT_ROUND_MS) return;
    // A server that ends rounds at once must not be asked all the time.
    await pause(this.clock, this.backoff.next(), stop);
  }
}
