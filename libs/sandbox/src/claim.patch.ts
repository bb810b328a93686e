import { ANNOTATION, LABEL, pointerToken } from './sandbox.labels.js';
import { ownerOf } from './sandbox.owner.js';
import type { JsonPatchOperation } from './kubernetes.types.js';

export interface Claim {
  /** Unique to this attempt: after an unknown outcome it tells whose claim the pod carries. */
  claimId: string;
  userId: string;
  /** RFC 3339, milliseconds, UTC. */
  allocatedAt: string;
}

/**
 * The one write that makes a warm pod somebody's. The API server applies it atomically to the newest object: of all who
 * claim one pod exactly one gets 200, the others 422; a status write in between costs nobody a retry.
 */
export function claimPatch(uid: string, { claimId, userId, allocatedAt }: Claim): JsonPatchOperation[] {
  const label = (key: string): string => `/metadata/labels/${pointerToken(key)}`;
  const annotation = (key: string): string => `/metadata/annotations/${pointerToken(key)}`;
  return [
    { op: 'test', path: '/metadata/uid', value: uid },
    { op: 'test', path: label(LABEL.pool), value: 'warm' },
    // null equals absent: the test fails on a pod that is being deleted.
    { op: 'test', path: '/metadata/deletionTimestamp', value: null },
    { op: 'replace', path: label(LABEL.pool), value: 'allocated' },
    { op: 'add', path: label(LABEL.owner), value: ownerOf(userId) },
    { op: 'add', path: annotation(ANNOTATION.userId), value: userId },
    { op: 'add', path: annotation(ANNOTATION.claimId), value: claimId },
    { op: 'add', path: annotation(ANNOTATION.allocatedAt), value: allocatedAt },
  ];
}
