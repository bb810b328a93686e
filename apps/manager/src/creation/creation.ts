import type { CreationEvent, SandboxDto } from '@warmbox/dto';
import type { ProblemCode } from '@warmbox/contracts';
import { ProblemError, type Clock, type Timer } from '@warmbox/platform';
import { poolOf, sandboxOf, type Pod } from '@warmbox/sandbox';
import { concat, defer, from, Subject, type Observable } from 'rxjs';

/** A `waiting` event is sent at least this often, in milliseconds. */
const WAITING_INTERVAL_MS = 5_000;

/**
 * One creation under way: it owns its events, and those who listen only subscribe, at any time. A client that leaves does not undo
 * it.
 */
export class Creation {
  private readonly subject = new Subject<CreationEvent>();
  /** The newest event of each kind, in the order in which they came: who comes late needs no older ones. */
  private readonly told = new Map<CreationEvent['eventType'], CreationEvent>();
  private readonly outcome = Promise.withResolvers<SandboxDto>();
  private attempts = 0;
  private awaited = 'The pod waits to be scheduled.';
  private complaint = '';
  private timer: Timer | undefined;

  /**
   * @param startedAt when the request came, on the monotonic clock.
   * @param abandon see AttemptHandle.abandon; of a request with an idempotency key.
   * @param isResumed another attempt at the same request has begun it, and may have used its sandbox.
   */
  constructor(
    private pod: Pod,
    private readonly startedAt: number,
    private readonly clock: Clock,
    readonly abandon: () => Promise<void> = () => Promise.resolve(),
    readonly isResumed = false,
  ) {
    // Whoever asked for the stream only does not wait for the outcome.
    this.outcome.promise.catch(() => undefined);
    const { name, phase } = sandboxOf(pod);
    this.tell({ eventType: 'created', podName: name, phase });
    this.sendWaitingLater();
  }

  /** Every event from now on, and before them the newest of each kind so far; completes after `ready` or `failed`. */
  get events(): Observable<CreationEvent> {
    return defer(() => concat(from([...this.told.values()]), this.subject));
  }

  /** Its pod as it was last seen. */
  get currentPod(): Pod {
    return this.pod;
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
    this.tell({ eventType: 'healthcheck', podName: this.sandbox.name, isHealthy: false, message });
  }

  /** Ends it well: the executor answered. @param pod as it is now, where that is known better than by what was told before. */
  succeed(pod = this.pod): void {
    this.pod = pod;
    // The kubelet's own probe may be up to a second behind.
    const containerInfo = { ...this.sandbox, status: poolOf(this.pod), isReady: true };
    const podName = containerInfo.name;
    this.tell({ eventType: 'healthcheck', podName, isHealthy: true, message: 'The executor answers.' });
    const elapsedSeconds = Math.round(this.clock.monotonic() - this.startedAt) / 1000;
    this.tell({ eventType: 'ready', podName, containerInfo, elapsedSeconds });
    this.outcome.resolve(containerInfo);
    this.end();
  }

  /** Ends it badly. */
  fail(code: ProblemCode, reason: string): void {
    const containerInfo = this.sandbox;
    this.tell({ eventType: 'failed', podName: containerInfo.name, reason, code, containerInfo });
    this.outcome.reject(new ProblemError(code, reason));
    this.end();
  }

  private tell(event: CreationEvent): void {
    this.told.delete(event.eventType);
    this.told.set(event.eventType, event);
    this.subject.next(event);
  }

  private sendWaiting(): void {
    this.attempts += 1;
    const { name, phase } = this.sandbox;
    this.tell({
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
