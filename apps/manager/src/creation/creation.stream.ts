import type { CreateSandboxDto, CreationEvent } from '@warmbox/dto';
import { toProblem } from '@warmbox/platform';
import { catchError, concat, finalize, from, mergeMap, of, ReplaySubject, take, type Observable } from 'rxjs';
import type { Creation } from './creation.js';
import type { CreationWait } from './warm.source.js';

/**
 * Creates a sandbox and tells of it: where it waits at the limit from its first position in the queue on, else from the pod on.
 * Who leaves or unsubscribes while it waits does not wait any more; a pod that was made goes on without anybody.
 *
 * @param create begins the creation.
 * @throws ProblemError what `create` throws before there is anything to tell
 */
export async function creationStream(
  create: (waiting: Pick<CreationWait, 'onQueued'> & { disconnected: AbortSignal }) => Promise<Creation>,
  { waitForReady }: Pick<CreateSandboxDto, 'waitForReady'>,
  disconnected?: AbortSignal,
): Promise<Observable<CreationEvent>> {
  const leaving = new AbortController();
  if (disconnected?.aborted) leaving.abort();
  else disconnected?.addEventListener('abort', () => leaving.abort(), { once: true });
  // Who subscribes late needs the newest position only.
  const queued = new ReplaySubject<CreationEvent>(1);
  let told = 0;
  const isQueued = Promise.withResolvers<undefined>();
  const creating = create({
    disconnected: leaving.signal,
    onQueued: (position, estimatedSeconds) => {
      // One whose turn came to nothing is told its position anew, which may be what it was.
      if (position === told) return;
      told = position;
      queued.next({ eventType: 'queued', position, estimatedSeconds });
      isQueued.resolve(undefined);
    },
  });
  const endQueue = (): void => queued.complete();
  creating.then(endQueue, endQueue);
  await Promise.race([creating, isQueued.promise]);
  const created = from(creating).pipe(
    mergeMap(({ events }) => (waitForReady === false ? events.pipe(take(1)) : events)),
    catchError((error: unknown) => of(failed(error))),
  );
  return concat(queued, created).pipe(finalize(() => leaving.abort()));
}

/** A stream that has begun can only say it in an event. */
function failed(error: unknown): CreationEvent {
  const { code, detail } = toProblem(error);
  return { eventType: 'failed', podName: '', reason: detail, code };
}
