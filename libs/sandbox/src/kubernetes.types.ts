import type {
  V1ConfigMap,
  V1ContainerState,
  V1Lease,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1PodCondition,
  V1ResourceQuota,
  V1RuntimeClass,
  V1Status,
} from '@kubernetes/client-node';

/** A Kubernetes type as it is on the wire: times are strings (client-node's classes have Date, but only in what it parsed). */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer U)[]
    ? Wire<U>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export type ObjectMeta = Wire<V1ObjectMeta>;
export type Pod = Wire<V1Pod>;
export type PodCondition = Wire<V1PodCondition>;
export type ContainerState = Wire<V1ContainerState>;
export type Lease = Wire<V1Lease>;
export type ResourceQuota = Wire<V1ResourceQuota>;
export type ConfigMap = Wire<V1ConfigMap>;
export type Namespace = Wire<V1Namespace>;
export type Node = Wire<V1Node>;
export type RuntimeClass = Wire<V1RuntimeClass>;
export type Status = Wire<V1Status>;

export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: ObjectMeta;
}

/** A list as the API server answers it. */
export interface KubeList<T> {
  apiVersion?: string;
  kind?: string;
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  items: T[];
}

/** One operation of an RFC 6902 JSON Patch. */
export type JsonPatchOperation =
  | { op: 'add' | 'replace' | 'test'; path: string; value: unknown }
  | { op: 'remove'; path: string }
  | { op: 'move' | 'copy'; from: string; path: string };
