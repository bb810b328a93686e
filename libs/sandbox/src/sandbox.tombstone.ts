import { GONE_CAUSES, type GoneCause } from '@warmbox/contracts';
import type { ConfigMap, Pod } from './kubernetes.types.js';
import { disruptionOf, endOf } from './sandbox.end.js';
import { LABEL, MANAGED_BY } from './sandbox.labels.js';
import { messageOf } from './sandbox.state.js';
import { tenantOf } from './sandbox.tenant.js';

/** Every tombstone, and nothing else. */
export const TOMBSTONE_SELECTOR = `${LABEL.tombstone}=true`;

/** What is remembered of a sandbox that is gone. */
export interface Tombstone {
  /** The sandbox. */
  name: string;
  runtime: string;
  /** Whose it was. */
  tenant: string;
  cause: GoneCause;
  /** Milliseconds since the epoch. */
  goneAt: number;
  /** The label value that stands for its user, where it had one. */
  owner?: string;
  /** What Kubernetes said of its end. */
  message?: string;
  /** Of the object that is stored; undefined before that. */
  uid?: string;
}

/** The name of a sandbox's tombstone. */
export function tombstoneName(name: string): string {
  return `${name}-gone`;
}

/**
 * What is to be remembered of a sandbox that goes. One that has ended by itself before is gone of that, whoever clears it away
 * and why: a request for example, or the end of its lifetime.
 *
 * @param why its deletion's cause; `removed` where no manager deletes it.
 * @param now milliseconds since the epoch.
 */
export function tombstoneOf(pod: Pod, why: GoneCause, now: number): Tombstone {
  const { name = '', labels = {} } = pod.metadata ?? {};
  const runtime = labels[LABEL.runtime] ?? '';
  const of = { name, runtime, tenant: tenantOf(pod), goneAt: now, owner: labels[LABEL.owner] };
  const end = endOf(pod) ?? (why === 'removed' ? disruptionOf(pod) : undefined);
  if (end !== undefined && why !== 'discarded') return { ...of, ...end };
  return { ...of, cause: why, message: why === 'never_ready' ? messageOf(pod) : undefined };
}

/** A tombstone as it is stored. */
export function tombstoneObject(tombstone: Tombstone, namespace: string): ConfigMap {
  const { name, runtime, tenant, cause, goneAt, owner, message } = tombstone;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: tombstoneName(name),
      namespace,
      labels: {
        [LABEL.managedBy]: MANAGED_BY,
        [LABEL.tombstone]: 'true',
        [LABEL.runtime]: runtime,
        [LABEL.tenant]: tenant,
        ...(owner === undefined ? {} : { [LABEL.owner]: owner }),
      },
    },
    immutable: true,
    data: { cause, time: new Date(goneAt).toISOString(), ...(message === undefined ? {} : { message }) },
  };
}

/** A stored tombstone; undefined for what is none. */
export function readTombstone({ metadata, data = {} }: ConfigMap): Tombstone | undefined {
  const { name = '', uid, labels = {} } = metadata ?? {};
  const goneAt = Date.parse(data.time ?? '');
  if (labels[LABEL.tombstone] === undefined || !name.endsWith('-gone') || Number.isNaN(goneAt)) return undefined;
  const cause = Object.keys(GONE_CAUSES).find((known) => known === data.cause) as GoneCause | undefined;
  return {
    name: name.slice(0, -'-gone'.length),
    runtime: labels[LABEL.runtime] ?? '',
    tenant: tenantOf({ metadata }),
    // One that a later version wrote has a cause that this one does not know.
    cause: cause ?? 'removed',
    goneAt,
    owner: labels[LABEL.owner],
    message: data.message,
    uid,
  };
}
