import { LABEL, MANAGED_BY, type Lease } from '@warmbox/sandbox';

/** Who writes a lease, and when. */
export interface LeaseSigner {
  namespace: string;
  name: string;
  identity: string;
  leaseDurationSeconds: number;
  /** Wall-clock milliseconds; for people only, nothing is decided by them. */
  now: number;
}

/** Who holds it; undefined where nobody does. */
export function holderOf(lease: Lease | undefined): string | undefined {
  const holder = lease?.spec?.holderIdentity;
  return holder === undefined || holder === '' ? undefined : holder;
}

/**
 * The lease as its new holder writes it: over `found`, whose resourceVersion makes it one of many who wins, or anew.
 * Acquiring what one holds already is no transition.
 */
export function acquiredLease(
  found: Lease | undefined,
  annotations: Record<string, string>,
  { namespace, name, identity, leaseDurationSeconds, now }: LeaseSigner,
): Lease {
  const time = microTime(now);
  const isMine = holderOf(found) === identity;
  const transitions = found?.spec?.leaseTransitions ?? 0;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      ...found?.metadata,
      name,
      namespace,
      labels: { ...found?.metadata?.labels, [LABEL.managedBy]: MANAGED_BY },
      annotations: { ...found?.metadata?.annotations, ...annotations },
    },
    spec: {
      ...found?.spec,
      holderIdentity: identity,
      leaseDurationSeconds,
      acquireTime: isMine ? (found?.spec?.acquireTime ?? time) : time,
      renewTime: time,
      leaseTransitions: found === undefined || isMine ? transitions : transitions + 1,
    },
  };
}

/** The lease as nobody's. Its duration and transitions stay for the next holder; a real API server refuses an empty holder. */
export function releasedLease(found: Lease, now: number): Lease {
  const { holderIdentity, ...spec } = found.spec ?? {};
  return { ...found, spec: { ...spec, renewTime: microTime(now) } };
}

/** What of a lease a renewal changes. Annotations are not part of it: whoever sets one does not renew. */
export function recordOf(lease: Lease | undefined): string {
  const { holderIdentity, renewTime, acquireTime, leaseTransitions, leaseDurationSeconds } = lease?.spec ?? {};
  return JSON.stringify([
    lease?.metadata?.uid,
    holderIdentity,
    renewTime,
    acquireTime,
    leaseTransitions,
    leaseDurationSeconds,
  ]);
}

/** RFC 3339 with six digits after the point: what Kubernetes calls a MicroTime, and refuses with fewer. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z');
}
