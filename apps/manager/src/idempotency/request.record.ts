import { LABEL, MANAGED_BY, type ConfigMap } from '@warmbox/sandbox';

/** Every record of a request, and nothing else. */
export const RECORD_SELECTOR = `${LABEL.requestRecord}=true`;

/** What is written down of a request under an idempotency key. It is pending until it has a sandbox. */
export interface RequestRecord {
  /** Stands for principal, route, runtime and key. */
  hash: string;
  /** Stands for the body. */
  body: string;
  /** Which attempt works at it. */
  attempt: string;
  /** When that attempt last said so, in milliseconds since the epoch. */
  renewedAt: number;
  /** The sandbox that every attempt is answered with. */
  pod?: string;
  /** Sandboxes that carry the request's label and are never its answer: they were no use. */
  excluded: string[];
}

/** A record as the API server has it. */
export interface StoredRecord extends RequestRecord {
  uid: string;
  resourceVersion: string;
  /** By the API server's clock, in milliseconds since the epoch. */
  createdAt: number;
}

export function recordName(hash: string): string {
  return `warmbox-request-${hash}`;
}

/** A record as it is stored. */
export function recordObject(record: RequestRecord & Partial<StoredRecord>, namespace: string): ConfigMap {
  const { hash, body, attempt, renewedAt, pod, excluded, uid, resourceVersion } = record;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: recordName(hash),
      namespace,
      ...(uid === undefined ? {} : { uid, resourceVersion }),
      labels: { [LABEL.managedBy]: MANAGED_BY, [LABEL.requestRecord]: 'true', [LABEL.request]: hash },
    },
    data: {
      body,
      attempt,
      renewedAt: new Date(renewedAt).toISOString(),
      ...(pod === undefined ? {} : { pod }),
      // The key's name is what managers of other versions read.
      ...(excluded.length === 0 ? {} : { dropped: excluded.join(',') }),
    },
  };
}

/** A stored record; undefined for what is none. */
export function readRecord({ metadata, data = {} }: ConfigMap): StoredRecord | undefined {
  const { labels = {}, uid = '', resourceVersion = '', creationTimestamp } = metadata ?? {};
  const hash = labels[LABEL.request];
  if (labels[LABEL.requestRecord] === undefined || hash === undefined) return undefined;
  const { body = '', attempt = '', renewedAt = '', pod, dropped = '' } = data;
  return {
    hash,
    body,
    attempt,
    // What cannot be read is old.
    renewedAt: Date.parse(renewedAt) || 0,
    pod,
    excluded: dropped.split(',').filter(Boolean),
    uid,
    resourceVersion,
    createdAt: Date.parse(creationTimestamp ?? '') || 0,
  };
}
