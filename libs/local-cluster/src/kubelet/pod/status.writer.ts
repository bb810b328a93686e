import { KubeApiError, PODS, type KubeClient, type KubeLog } from '@warmbox/kube';
import { Backoff, type Clock, type Gate, pause } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import type { PodStatus } from './pod.status.js';

/**
 * Brings one pod's status to the API server: the newest that it was given, one write at a time. A pod that is gone (404), or
 * whose name another one has now (409: the patch carries the uid), is left alone; everything else is tried again.
 */
export class StatusWriter {
  private readonly backoff = new Backoff({ initialMs: 50, maxMs: 5_000 });
  private readonly stopping = new AbortController();
  private unwritten: PodStatus | undefined;
  private written = '';
  private isWriting = false;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly client: Pick<KubeClient, 'patchMerge'>,
    private readonly pod: Pod,
    private readonly writes: Gate,
    private readonly clock: Clock,
    private readonly log: KubeLog,
  ) {}

  write(status: PodStatus): void {
    this.unwritten = status;
    if (!this.isWriting) this.writing = this.drain();
  }

  /** Resolves when the newest status is written, or cannot be. */
  async flushed(): Promise<void> {
    await this.writing;
  }

  /** The pod is gone: nothing more is written. */
  stop(): void {
    this.stopping.abort();
  }

  /** `isWriting` ends in the same turn in which nothing more is found: what is given after that is not overlooked. */
  private async drain(): Promise<void> {
    this.isWriting = true;
    try {
      while (this.unwritten !== undefined && !this.stopping.signal.aborted) {
        const status = this.unwritten;
        this.unwritten = undefined;
        if (JSON.stringify(status) !== this.written) await this.attempt(status);
      }
    } finally {
      this.isWriting = false;
    }
  }

  private async attempt(status: PodStatus): Promise<void> {
    const { signal } = this.stopping;
    try {
      await this.writes.run(() => this.send(status, signal), signal);
      this.written = JSON.stringify(status);
      this.backoff.reset();
    } catch (error) {
      if (isGone(error)) this.stop();
      if (signal.aborted) return;
      this.log.warn({ err: error, pod: this.pod.metadata?.name }, 'a status could not be written; trying again');
      this.unwritten ??= status;
      await pause(this.clock, this.backoff.next(), signal);
    }
  }

  private async send(status: PodStatus, signal: AbortSignal): Promise<void> {
    const { namespace, name = '', uid } = this.pod.metadata ?? {};
    const patch = { metadata: { uid }, status };
    await this.client.patchMerge(PODS, { namespace, name }, patch, { subresource: 'status', signal });
  }
}

/** Whether the pod that was written to is no more, though another may have its name. */
export function isGone(error: unknown): boolean {
  return error instanceof KubeApiError && (error.status === 404 || error.status === 409);
}
