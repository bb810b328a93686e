import { anything, bytes, flag, integer, listOf, mapOf, objectOf, quantities, text, texts } from './decode.js';
import { kindOf } from './metadata.schema.js';
import { microTime, time } from './time.js';

export const leaseSchema = kindOf({
  spec: objectOf(
    {
      holderIdentity: text({ pointer: true }),
      leaseDurationSeconds: integer(32, { pointer: true }),
      acquireTime: microTime,
      renewTime: microTime,
      leaseTransitions: integer(32, { pointer: true }),
      strategy: text({ pointer: true }),
      preferredHolder: text({ pointer: true }),
    },
    { always: true },
  ),
});

export const configMapSchema = kindOf({
  immutable: flag({ pointer: true }),
  data: texts,
  binaryData: mapOf(bytes),
});

export const resourceQuotaSchema = kindOf({
  spec: objectOf(
    { hard: quantities, scopes: listOf(text({ always: true })), scopeSelector: anything },
    { always: true },
  ),
  status: objectOf({ hard: quantities, used: quantities }, { always: true }),
});

export const namespaceSchema = kindOf({
  spec: objectOf({ finalizers: listOf(text({ always: true })) }, { always: true }),
  status: objectOf({ phase: text(), conditions: anything }, { always: true }),
});

const nodeInfo = objectOf(
  Object.fromEntries(
    [
      'machineID',
      'systemUUID',
      'bootID',
      'kernelVersion',
      'osImage',
      'containerRuntimeVersion',
      'kubeletVersion',
      'kubeProxyVersion',
      'operatingSystem',
      'architecture',
    ].map((name) => [name, text({ always: true })]),
  ),
  { always: true },
);

export const nodeSchema = kindOf({
  spec: objectOf(
    {
      podCIDR: text(),
      podCIDRs: listOf(text({ always: true })),
      providerID: text(),
      unschedulable: flag(),
      taints: listOf(
        objectOf({ key: text({ always: true }), value: text(), effect: text({ always: true }), timeAdded: time() }),
      ),
    },
    { always: true },
  ),
  status: objectOf(
    {
      capacity: quantities,
      allocatable: quantities,
      phase: text(),
      conditions: listOf(
        objectOf({
          type: text({ always: true }),
          status: text({ always: true }),
          lastHeartbeatTime: time({ nullable: true }),
          lastTransitionTime: time({ nullable: true }),
          reason: text(),
          message: text(),
        }),
      ),
      addresses: listOf(objectOf({ type: text({ always: true }), address: text({ always: true }) })),
      daemonEndpoints: objectOf(
        { kubeletEndpoint: objectOf({ Port: integer(32, { always: true }) }) },
        { always: true },
      ),
      nodeInfo,
      images: anything,
      volumesInUse: anything,
      volumesAttached: anything,
      config: anything,
      runtimeHandlers: anything,
      features: anything,
    },
    { always: true },
  ),
});

export const runtimeClassSchema = kindOf({
  handler: text({ always: true }),
  overhead: objectOf({ podFixed: quantities }),
  scheduling: objectOf({ nodeSelector: texts, tolerations: anything }),
});

/** Nothing writes events here; the kind exists so that `kubectl describe` finds an empty list. */
export const eventSchema = kindOf({});
