import { EVENT_KIND, NAMESPACE_KIND, NODE_KIND, RUNTIME_CLASS_KIND } from './cluster.kinds.js';
import { CONFIG_MAP_KIND } from './config-map.kind.js';
import type { Kind } from './kind.js';
import { LEASE_KIND } from './lease.kind.js';
import { POD_KIND } from './pod.kind.js';
import { RESOURCE_QUOTA_KIND } from './resource-quota.kind.js';

/** Everything that this API server serves. The store hands each kind only objects of its own type. */
export const KINDS: readonly Kind[] = [
  CONFIG_MAP_KIND,
  EVENT_KIND,
  NAMESPACE_KIND,
  NODE_KIND,
  POD_KIND,
  RESOURCE_QUOTA_KIND,
  LEASE_KIND,
  RUNTIME_CLASS_KIND,
] as Kind[];

export function findKind(group: string, version: string, plural: string): Kind | undefined {
  return KINDS.find((kind) => kind.group === group && kind.version === version && kind.plural === plural);
}
