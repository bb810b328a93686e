import type { KubeObject } from './kubernetes.types.js';
import { LABEL } from './sandbox.labels.js';

/** Whose everything is that does not say it: a warm sandbox, and what managers made before there were tenants. */
export const DEFAULT_TENANT = 'default';

/** Whose a sandbox's pod is, or what is remembered of it. */
export function tenantOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return metadata?.labels?.[LABEL.tenant] ?? DEFAULT_TENANT;
}
