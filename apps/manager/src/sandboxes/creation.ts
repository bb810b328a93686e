import type { CreationEvent, ProblemCode, SandboxDto } from '@warmbox/contracts';
import { ProblemError, type Clock, type Timer } from '@warmbox/platform';
import { poolOf, sandboxOf, type Pod } from '@warmbox/sandbox';
import { ReplaySubject, type Observable } from 'rxjs';

/** A `waiting` event is sent at least this often, in milliseconds. */
const WAITING_INTERVAL_MS = 5_000;

/**
 * One creation under way: it owns its events, and those who listen only subscribe, at any time, from the first event on. A
 * client that leaves does not undo it.
 */
export class Creation {
  private readonly subject = new ReplaySubject<CreationEvent>();
  private readonly outcome = Promise.withResolvers<SandboxDto>();
  private attempts = 0;
  private awaited = 'The pod waits to be scheduled.';
  private complaint = '';
  private timer: Timer | undefined;

  /** @param startedAt when the request came, on the monotonic clock. */
  constructor(
    private pod: Pod,
    private readonly startedAt: number,
    private readonly clock: Clock,
  ) {
    // Whoever asked for the stream only does not wait for the outcome.
    this.outcome.promise.catch(() => undefined);
    const { name, phase } = sandboxOf(pod);
    this.subject.next({ eventType: 'created', podName: name, phase });
    this.sendWaitingLater();
  }

  /** Every event from `created` on; completes after `ready` or `failed`. */
  get events(): Observable<CreationEvent> {
    return this.subject.asObservable();
  }

  /** The sandbox as it was last seen. */
  get sandbox(): SandboxDto {
    return sandboxOf(this.pod);
  }

  /** The ready sandbox; rejects with the ProblemError that `failed` tells of. */
  get ready(): Promise<SandboxDto> {
    return this.outcome.promise;
  }

  /** Tells what it waits for, if that is news. */
  waiting(pod: Pod, message: string): void {
    this.pod = pod;
    if (message === this.awaited && this.attempts > 0) return;
    this.awaited = message;
    this.sendWaiting();
  }

  /** Tells that a health check failed, if that is news. */
  unhealthy(message: string): void {
    if (message === this.complaint) return;
    this.complaint = message;
    this.subject.next({ eventType: 'healthcheck', podName: this.sandbox.name, isHealthy: false, message });
  }

  /** Ends it well: the executor answered. */
  succeed(): void {
    // The kubelet's own probe may be up to a second behind.
    const containerInfo = { ...this.sandbox, status: poolOf(this.pod), isReady: true };
    const podName = containerInfo.name;
    this.subject.next({ eventType: 'healthcheck', podName, isHealthy: true, message: 'The executor answers.' });
    const elapsedSeconds = Math.round(this.clock.monotonic() - this.startedAt) / 1000;
    this.subject.next({ eventType: 'ready', podName, containerInfo, elapsedSeconds });
    this.outcome.resolve(containerInfo);
    this.end();
  }

  /** Ends it badly. */
  fail(code: ProblemCode, reason: string): void {
    const containerInfo = this.sandbox;
    this.subject.next({ eventType: 'failed', podName: containerInfo.name, reason, code, containerInfo });
    this.outcome.reject(new ProblemError(code, reason));
    this.end();
  }

  private sendWaiting(): void {
    this.attempts += 1;
    const { name, phase } = this.sandbox;
    this.subject.next({
      eventType: 'waiting',
      podName: name,
      attemptNumber: this.attempts,
      phase,
      message: this.awaited,
    });
    this.sendWaitingLater();
  }

  private sendWaitingLater(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(WAITING_INTERVAL_MS, () => this.sendWaiting());
  }

  private end(): void {
    this.timer?.cancel();
    this.subject.complete();
  }
}
