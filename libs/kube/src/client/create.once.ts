import { retry, type Clock } from '@warmbox/platform';
import { executorToken, nameOf, type KubeObject } from '@warmbox/sandbox';
import type { KubeClient } from './kube.client.js';
import { KubeApiError, KubeUnreachableError, NameTakenError } from '../errors/kube.error.js';
import type { Resource } from './kube.resource.js';

/**
 * How often the object is looked for after an unknown outcome, and how long between: some three seconds, and more where the
 * API server lets each look wait.
 */
const LOOKS = 5;
const DELAYS = { initialMs: 100, maxMs: 2_000 };

export interface CreateOnceOptions {
  /** Gives up what is under way, the creation and the looks for it; then it is not known whether the object was created. */
  signal?: AbortSignal;
  /** Called at the moment of sending; what it throws keeps the creation back. */
  beforeSend?: () => void;
  /** For jitter. */
  random?: () => number;
}

/**
 * Creates an object whose name nobody else can have thought of, and sends it exactly once: where no answer tells whether it
 * was created (time-out, reset, 5xx), it is looked for under its name instead of being sent again.
 *
 * Not guaranteed: where the API server cannot be asked, or carries the request out only after the last look, an object is
 * left behind that was reported as failed; `isUnknownOutcome` of the error tells that there may be one.
 *
 * @returns the object as it was created.
 * @throws KubeApiError, KubeUnreachableError: the creation's own error, where it was refused or is not found afterwards;
 *   NameTakenError where another object has its name; the signal's reason.
 */
export async function createOnce<T extends KubeObject>(
  client: Pick<KubeClient, 'create' | 'get'>,
  resource: Resource<T>,
  namespace: string | undefined,
  object: T,
  clock: Clock,
  { signal, beforeSend, random }: CreateOnceOptions = {},
): Promise<T> {
  try {
    return await client.create(resource, namespace, object, { signal, beforeSend });
  } catch (error) {
    if (!isUnknownOutcome(error)) throw error;
    const name = nameOf(object);
    const look = (): Promise<T> => client.get(resource, { namespace, name }, { signal });
    const found = await retry(look, { attempts: LOOKS, delays: DELAYS, clock, signal, random }).catch(() => {
      signal?.throwIfAborted();
      throw error;
    });
    if (isSame(found, object)) return found;
    // Whatever became of the creation: there is one object of a name, and this is not it.
    throw new NameTakenError(name, error);
  }
}

/** Whether the object may exist in spite of the error. "Already exists" may mean the very one that was sent. */
export function isUnknownOutcome(error: unknown): boolean {
  if (error instanceof KubeUnreachableError) return error.mayHaveHappened;
  return error instanceof KubeApiError && (error.status >= 500 || error.reason === 'AlreadyExists');
}

/** Whether one is the other, to which the server may have added things: every mark that was sent is there. */
function isSame(found: KubeObject, sent: KubeObject): boolean {
  const has = (all: Record<string, string> = {}, some: Record<string, string> = {}): boolean =>
    Object.entries(some).every(([key, value]) => all[key] === value);
  return (
    has(found.metadata?.labels, sent.metadata?.labels) &&
    has(found.metadata?.annotations, sent.metadata?.annotations) &&
    (sent.kind !== 'Pod' || executorToken(found) === executorToken(sent))
  );
}
