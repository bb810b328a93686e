/** Label and annotation keys of a sandbox's pod; v1. Managers of every later version read what carries them. */
export const LABEL = {
  app: 'app',
  runtime: 'runtime',
  managedBy: 'app.kubernetes.io/managed-by',
  pool: 'warmbox.dev/pool',
  template: 'warmbox.dev/template',
  /** See tenantOf. */
  tenant: 'warmbox.dev/tenant',
  owner: 'warmbox.dev/owner',
  request: 'warmbox.dev/request',
  requestRecord: 'warmbox.dev/request-record',
  tombstone: 'warmbox.dev/tombstone',
} as const;

export const APP = 'kata-manager';
export const MANAGED_BY = 'warmbox';

/** Every sandbox, and nothing else: the selector of lists and watches. */
export const SANDBOX_SELECTOR = `${LABEL.managedBy}=${MANAGED_BY}`;

/** Whom a sandbox is for. */
export const POOLS = ['warm', 'allocated', 'manual'] as const;
export type Pool = (typeof POOLS)[number];

export const ANNOTATION = {
  userId: 'warmbox.dev/user-id',
  claimId: 'warmbox.dev/claim-id',
  allocatedAt: 'warmbox.dev/allocated-at',
  expiresAt: 'warmbox.dev/expires-at',
  idleTimeoutSeconds: 'warmbox.dev/idle-timeout-seconds',
  lastActivity: 'warmbox.dev/last-activity',
  createdBy: 'warmbox.dev/created-by',
} as const;

/** A label key as a reference token of a JSON pointer. */
export function pointerToken(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
