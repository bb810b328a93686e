import { ANNOTATION, LABEL, pointerToken, type Pool } from './sandbox.labels.js';
import { ownerOf } from './sandbox.owner.js';
import type { JsonPatchOperation } from './kubernetes.types.js';

export interface Claim {
  /** Unique to this attempt: after an unknown outcome it tells whose claim the pod carries. */
  claimId: string;
  /** Whose it becomes. */
  tenant: string;
  /** Which user of the tenant it is for; absent where a creation without one takes it. */
  userId?: string;
  /** RFC 3339, milliseconds, UTC. */
  allocatedAt: string;
  /** What it becomes (allocated). */
  pool?: Exclude<Pool, 'warm'>;
  /** Stands for the request that it is claimed for, where that has an idempotency key. */
  request?: string;
  /** The caller's own labels, validated. */
  labels?: Record<string, string>;
  /** Further annotations of ours, a grant's for example. */
  annotations?: Record<string, string>;
}

/**
 * The one write that makes a warm pod somebody's. The API server applies it atomically to the newest object: of all who
 * claim one pod exactly one gets 200, the others 422; a status write in between costs nobody a retry.
 *
 * It also ends the record of who wrote which field, which nobody needs of a sandbox's pod and which is half of it: the API server
 * needs about half the processor time for the claim and for every later write, and every watch gets half the bytes.
 */
export function claimPatch(uid: string, claim: Claim): JsonPatchOperation[] {
  const label = (key: string): string => `/metadata/labels/${pointerToken(key)}`;
  const annotation = (key: string): string => `/metadata/annotations/${pointerToken(key)}`;
  const { claimId, tenant, userId, allocatedAt, pool = 'allocated', request, labels = {}, annotations = {} } = claim;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: label(LABEL.pool), value: 'warm' },
    // null equals absent: the test fails on a pod that is being deleted.
    { op: 'test', path: '/metadata/deletionTimestamp', value: null },
    { op: 'replace', path: label(LABEL.pool), value: pool },
    { op: 'add', path: label(LABEL.tenant), value: tenant },
    ...(userId === undefined
      ? []
      : ([
          { op: 'add', path: label(LABEL.owner), value: ownerOf(userId) },
          { op: 'add', path: annotation(ANNOTATION.userId), value: userId },
        ] as const)),
    ...(request === undefined ? [] : ([{ op: 'add', path: label(LABEL.request), value: request }] as const)),
    ...Object.entries(labels).map(([key, value]) => ({ op: 'add', path: label(key), value }) as const),
    ...Object.entries(annotations).map(([key, value]) => ({ op: 'add', path: annotation(key), value }) as const),
    { op: 'add', path: annotation(ANNOTATION.claimId), value: claimId },
    { op: 'add', path: annotation(ANNOTATION.allocatedAt), value: allocatedAt },
    { op: 'add', path: '/metadata/managedFields', value: [{}] },
  ];
}
