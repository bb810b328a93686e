import type { ConfigMap, Pod } from './kubernetes.types.js';
import { LABEL, MANAGED_BY } from './sandbox.labels.js';
import { messageOf } from './sandbox.state.js';

/** Why a sandbox is gone, with the sentence that clients are told. */
export const GONE_CAUSES = {
  deleted: 'a request deleted it',
  idle: 'it was idle for as long as it may be',
  lifetime: 'its lifetime was over',
  completed: 'its executor ended',
  failed: 'its executor failed, or it was evicted',
  never_ready: 'it did not become ready in time',
  unreachable: 'its executor did not answer any more',
  discarded: 'nobody was given it',
  removed: 'it was removed from the cluster by others',
} as const;

export type GoneCause = keyof typeof GONE_CAUSES;

/** Every tombstone, and nothing else. */
export const TOMBSTONE_SELECTOR = `${LABEL.tombstone}=true`;

/** What is remembered of a sandbox that is gone. */
export interface Tombstone {
  /** The sandbox. */
  name: string;
  runtime: string;
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

/** @param now milliseconds since the epoch. */
export function tombstoneOf(pod: Pod, cause: GoneCause, now: number): Tombstone {
  const { name = '', labels = {} } = pod.metadata ?? {};
  const message = cause === 'failed' || cause === 'completed' || cause === 'never_ready' ? messageOf(pod) : undefined;
  return { name, runtime: labels[LABEL.runtime] ?? '', cause, goneAt: now, owner: labels[LABEL.owner], message };
}

/** A tombstone as it is stored. */
export function tombstoneObject(tombstone: Tombstone, namespace: string): ConfigMap {
  const { name, runtime, cause, goneAt, owner, message } = tombstone;
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
    // One that a later version wrote has a cause that this one does not know.
    cause: cause ?? 'removed',
    goneAt,
    owner: labels[LABEL.owner],
    message: data.message,
    uid,
  };
}
