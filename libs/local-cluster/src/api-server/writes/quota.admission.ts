import { parseQuantity, type Pod, type ResourceQuota } from '@warmbox/sandbox';
import type { Stored } from '../kinds/kind.js';
import { canonicalQuantity } from '../schema/quantity.canonical.js';
import { COUNTED, RESOURCE_QUOTA_KIND } from '../kinds/resource-quota.kind.js';
import { StatusError } from '../status.error.js';
import type { ObjectStore } from '../store/object.store.js';
import type { Version } from '../store/version.js';

/** Whether a pod counts for `pods`, which leaves out those that have ended; `count/pods` counts them all. */
export function isAlive({ status }: Pod): boolean {
  return status?.phase !== 'Succeeded' && status?.phase !== 'Failed';
}

/**
 * Asks every quota of the namespace for one more pod. A quota limits what its status.hard shows, nothing else: until the
 * controller has filled that it limits nothing.
 *
 * @returns what writes the new usage; nothing is written before.
 * @throws StatusError 403 where one of them is exhausted or has no usage yet.
 */
export function chargeQuotas(store: ObjectStore, namespace: string, podName: string): () => void {
  const charged = store.list(RESOURCE_QUOTA_KIND, namespace).flatMap((version) => chargedQuota(version, podName) ?? []);
  return () => {
    for (const quota of charged) store.put(RESOURCE_QUOTA_KIND, quota);
  };
}

function chargedQuota(
  { object }: Version<ResourceQuota & Stored>,
  podName: string,
): (ResourceQuota & Stored) | undefined {
  const { hard = {}, used = {} } = object.status ?? {};
  const limited = COUNTED.filter((name) => hard[name] !== undefined);
  if (limited.length === 0) return undefined;
  const quotaName = object.metadata.name;
  const unknown = limited.filter((name) => used[name] === undefined);
  if (unknown.length > 0) {
    throw forbidden(podName, `status unknown for quota: ${quotaName}, resources: ${unknown.join(',')}`);
  }
  const exceeded = limited.filter((name) => amount(used[name]) + 1 > amount(hard[name]));
  if (exceeded.length > 0) {
    const list = (values: (name: string) => string | undefined): string =>
      exceeded.map((name) => `${name}=${values(name) ?? ''}`).join(',');
    throw forbidden(
      podName,
      `exceeded quota: ${quotaName}, requested: ${list(() => '1')}, used: ${list((name) => used[name])}, limited: ${list((name) => hard[name])}`,
    );
  }
  const next = Object.fromEntries(limited.map((name) => [name, quantityOf(amount(used[name]) + 1)]));
  return { ...object, status: { hard, used: { ...used, ...next } } };
}

const amount = (quantity: string | undefined): number => parseQuantity(quantity ?? '0');

/** A count in canonical form: 4000 is 4k. */
export function quantityOf(count: number): string {
  return canonicalQuantity(String(count)) ?? '0';
}

function forbidden(podName: string, detail: string): StatusError {
  return new StatusError(403, 'Forbidden', `pods "${podName}" is forbidden: ${detail}`, {
    name: podName,
    kind: 'pods',
  });
}
