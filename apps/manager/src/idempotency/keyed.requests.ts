import { setMaxListeners } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import { hashOfBody, keyReused } from '@warmbox/http';
import { ProblemError, Shutdown, type Clock } from '@warmbox/platform';
import { CLOCK } from '../kube/kube.module.js';
import { hashOfScope, type KeyScope } from './idempotency.key.js';
import { KeyedRequest } from './keyed.request.js';
import type { KeyedWork } from './keyed.work.js';
import { RequestPods } from './request.pods.js';
import { RequestRecords } from './request.records.js';

/** A request that this process is at, for all who have sent it. */
interface Flight {
  body: string;
  result: Promise<unknown>;
  /** Aborted once nobody waits for it any more: it ends. */
  abandoned: AbortSignal;
  /** One more waits for it. */
  join(disconnected: AbortSignal): void;
}

/**
 * Carries out requests that have an idempotency key: however often one is sent, through whichever manager, it has one sandbox. Those
 * that come to one manager at the same time share one flight; managers meet in the request's record.
 */
@Injectable()
export class KeyedRequests {
  private readonly flights = new Map<string, Flight>();

  constructor(
    private readonly records: RequestRecords,
    @Inject(RequestPods) private readonly pods: Pick<RequestPods, 'list'>,
    private readonly shutdown: Shutdown,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * @param disconnected aborts when the client has gone; the request ends where all its clients have gone before it has a sandbox.
   * @throws ProblemError idempotency_key_reused where the key came with another body, sandbox_gone where the request's sandbox is
   *   gone, conflict where another manager is still at it after a minute and a half, kubernetes_unavailable, shutting_down, and
   *   whatever the work throws
   */
  async run<T>(scope: KeyScope, request: object, work: KeyedWork<T>, disconnected: AbortSignal): Promise<T> {
    work.check();
    const hash = hashOfScope(scope);
    const body = hashOfBody(request);
    let flight = this.flights.get(hash);
    while (flight?.abandoned.aborted) {
      // Its end is no answer; what it may have got nevertheless is in the record.
      await flight.result.catch(() => undefined);
      flight = this.flights.get(hash);
    }
    if (flight === undefined) {
      flight = this.takeOff(hash, body, work);
      this.flights.set(hash, flight);
    }
    if (flight.body !== body) throw keyReused();
    flight.join(disconnected);
    return flight.result as Promise<T>;
  }

  private takeOff<T>(hash: string, body: string, work: KeyedWork<T>): Flight {
    const abandoned = new AbortController();
    const signal = AbortSignal.any([abandoned.signal, this.shutdown.signal]);
    setMaxListeners(0, signal);
    const request = new KeyedRequest(hash, body, work, this.records, this.pods, this.clock);
    const result = request.answer(signal).finally(() => this.flights.delete(hash));
    let waiting = 0;
    const join = (disconnected: AbortSignal): void => {
      waiting += 1;
      const leave = (): void => {
        waiting -= 1;
        if (waiting === 0) abandoned.abort(new ProblemError('conflict', 'Nobody waits for the answer any more.'));
      };
      if (disconnected.aborted) leave();
      else disconnected.addEventListener('abort', leave, { once: true });
    };
    return { body, result, abandoned: abandoned.signal, join };
  }
}
