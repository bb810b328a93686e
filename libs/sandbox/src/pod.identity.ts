import type { KubeObject } from './kubernetes.types.js';

/** The name of an object; empty where it has none yet, which nothing that was read from Kubernetes has. */
export function nameOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return metadata?.name ?? '';
}

/** What tells an object from a later one of the same name; empty where it was never written. */
export function uidOf({ metadata }: Pick<KubeObject, 'metadata'>): string {
  return metadata?.uid ?? '';
}
