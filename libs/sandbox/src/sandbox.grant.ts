import type { Pod } from './kubernetes.types.js';
import { ANNOTATION } from './sandbox.labels.js';

/** For how long somebody has a sandbox. */
export interface Grant {
  /** From now to its end, in seconds. */
  lifetimeSeconds: number;
  /** Without activity, in seconds. */
  idleTimeoutSeconds: number;
}

/** A grant as a pod carries it; times in milliseconds since the epoch. What was never granted is undefined. */
export interface GrantedTimes {
  expiresAt?: number;
  idleTimeoutSeconds?: number;
  lastActivityAt?: number;
}

/**
 * The annotations of a grant that begins now; of one that is renewed in part, those of the part. To be granted time is activity.
 *
 * @param now milliseconds since the epoch.
 */
export function grantAnnotations(
  { lifetimeSeconds, idleTimeoutSeconds }: Partial<Grant>,
  now: number,
): Record<string, string> {
  return {
    [ANNOTATION.lastActivity]: new Date(now).toISOString(),
    ...(lifetimeSeconds === undefined
      ? {}
      : { [ANNOTATION.expiresAt]: new Date(now + lifetimeSeconds * 1000).toISOString() }),
    ...(idleTimeoutSeconds === undefined ? {} : { [ANNOTATION.idleTimeoutSeconds]: String(idleTimeoutSeconds) }),
  };
}

/** What a pod says of its grant; what cannot be read counts as never granted. */
export function grantedTimes(pod: Pod): GrantedTimes {
  const { annotations = {} } = pod.metadata ?? {};
  const numberOf = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);
  return {
    expiresAt: numberOf(Date.parse(annotations[ANNOTATION.expiresAt] ?? '')),
    idleTimeoutSeconds: numberOf(Number.parseInt(annotations[ANNOTATION.idleTimeoutSeconds] ?? '', 10)),
    lastActivityAt: numberOf(Date.parse(annotations[ANNOTATION.lastActivity] ?? '')),
  };
}
