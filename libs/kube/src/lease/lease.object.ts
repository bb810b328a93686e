import { Deadline, type Clock, type Timer } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';
import type { KubeClient } from '../client/kube.client.js';
import { KubeApiError } from '../errors/kube.error.js';
import type { KubeLog } from '../client/kube.log.js';
import { remedyOf, reported, type Remedy } from '../errors/kube.remedy.js';
import { LEASES } from '../client/kube.resource.js';
import { holderOf, releasedLease } from './lease.record.js';
import { LeaseView } from './lease.view.js';

/** Where the lease is, and how long its holder has to renew it. */
export interface LeaseObjectOptions {
  namespace: string;
  name: string;
  renewDeadlineMs: number;
}

/** Attempts that fit into the renew deadline, however silent the first one is. */
const ATTEMPTS = 2.5;

/** How many times in a row a write that met another's is sent again at once. */
export const CONFLICTS = 5;

/**
 * How long requests of a process that stops may still take, in milliseconds: an API server that says nothing must not hold up
 * its end.
 */
const LAST_REQUEST_MS = 2_000;

/** What an election asks of the API server. */
export type LeaseClient = Pick<KubeClient, 'create' | 'get' | 'list' | 'patchMerge' | 'replace' | 'watch'>;

/** The one Lease at the API server: each write and look goes into the view, and only what is new is told. */
export class LeaseObject {
  readonly view = new LeaseView();
  /** The annotations of the last lease that was seen: state that outlives its deletion by somebody. */
  annotations: Record<string, string> = {};
  /** What people must do before it can be written. */
  obstacle: Remedy | undefined;
  private isFailing = false;
  private isHurried = false;
  private giveUp = new AbortController();

  constructor(
    private readonly client: LeaseClient,
    private readonly options: LeaseObjectOptions,
    private readonly clock: Clock,
    private readonly log: KubeLog,
    private readonly onNews: () => void,
  ) {}

  /** What the watch shows. */
  see(lease: Lease | undefined, version: string | undefined): void {
    this.noted(this.view.see(lease, version, this.clock.monotonic()));
  }

  /**
   * Creates it, or replaces what carries the same resourceVersion.
   *
   * @throws KubeApiError, KubeUnreachableError; the signal's reason
   */
  async write(lease: Lease, isNew: boolean, signal = this.giveUp.signal): Promise<void> {
    const { namespace } = this.options;
    const options = { signal, timeoutMs: this.timeoutMs };
    const written = isNew
      ? await this.client.create(LEASES, namespace, lease, options)
      : await this.client.replace(LEASES, this.key, lease, options);
    this.see(written, written.metadata?.resourceVersion);
    if (this.isFailing) this.log.log({}, 'the lease is written again');
    this.isFailing = false;
    this.obstacle = undefined;
  }

  /** Sets annotations, if it is still as it was seen. @throws KubeApiError, KubeUnreachableError; the signal's reason */
  async annotate(seen: Lease, annotations: Record<string, string>): Promise<void> {
    const metadata = { resourceVersion: seen.metadata?.resourceVersion, annotations };
    const options = { signal: this.giveUp.signal, timeoutMs: this.timeoutMs };
    const written = await this.client.patchMerge(LEASES, this.key, { metadata }, options);
    this.see(written, written.metadata?.resourceVersion);
  }

  /** Asks for it as it is. Returns whether an answer came. */
  async look(signal = this.giveUp.signal): Promise<boolean> {
    let found: Lease | undefined;
    try {
      found = await this.client.get(LEASES, this.key, { signal, timeoutMs: this.timeoutMs });
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 404) return false;
    }
    this.noted(this.view.reset(found, this.clock.monotonic()));
    return true;
  }

  /** No request takes long from now on, the one that is under way included. Cancel the timer when there is none. */
  hurry(): Timer {
    this.isHurried = true;
    const { giveUp } = this;
    this.giveUp = new AbortController();
    return this.clock.after(LAST_REQUEST_MS, () => giveUp.abort(new Error('This process stops.')));
  }

  /** Lets the others have it at once, if it is this holder's. If that fails, they have it when it has ended. */
  async release(identity: string): Promise<void> {
    const deadline = new Deadline(LAST_REQUEST_MS, this.clock);
    try {
      await this.releaseWithin(identity, deadline.signal);
    } catch (error) {
      this.report(error, 'the lease could not be released');
    } finally {
      deadline.release();
    }
  }

  private async releaseWithin(identity: string, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; attempt < CONFLICTS; attempt += 1) {
      const { lease } = this.view;
      if (lease === undefined || holderOf(lease) !== identity) return;
      try {
        await this.write(releasedLease(lease, this.clock.now()), false, signal);
        return;
      } catch (error) {
        if (!isConflict(error, false) || !(await this.look(signal))) throw error;
      }
    }
  }

  /**
   * Logs a failed write. That another was first is what elections are; and of a row of failures the first says it all.
   *
   * @returns whether another was first
   */
  report(error: unknown, message: string, isNew = false): boolean {
    if (isConflict(error, isNew)) return true;
    const { namespace } = this.options;
    const remedy = remedyOf(error, namespace);
    // One that only people can end is told although something else has failed before.
    const isTold = this.isFailing && (remedy === undefined || this.obstacle !== undefined);
    if (!isTold) this.log.warn(...reported(error, message, namespace));
    this.obstacle = remedy;
    this.isFailing = true;
    return false;
  }

  private noted(isNews: boolean): void {
    if (!isNews) return;
    // Somebody else can write it, so the namespace is there.
    if (this.view.lease !== undefined && this.obstacle?.missing === 'namespace') this.obstacle = undefined;
    this.annotations = this.view.lease?.metadata?.annotations ?? this.annotations;
    this.onNews();
  }

  private get key(): { namespace: string; name: string } {
    const { namespace, name } = this.options;
    return { namespace, name };
  }

  private get timeoutMs(): number {
    const patience = this.options.renewDeadlineMs / ATTEMPTS;
    return this.isHurried ? Math.min(LAST_REQUEST_MS, patience) : patience;
  }
}

/**
 * Whether the write met another one: the resourceVersion was old, or the lease is there already, or no longer. A creation that
 * finds nothing is none: it is the namespace that is missing.
 */
function isConflict(error: unknown, isNew: boolean): boolean {
  return error instanceof KubeApiError && (error.status === 409 || (error.status === 404 && !isNew));
}
