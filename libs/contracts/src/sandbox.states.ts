/** What a sandbox is doing: `creating` until it was first Ready; then whom it is for; `terminating` and `failed` at the end. */
export const SANDBOX_STATUSES = ['creating', 'warm', 'allocated', 'manual', 'terminating', 'failed'] as const;
export type SandboxStatus = (typeof SANDBOX_STATUSES)[number];

export const POD_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed', 'Unknown'] as const;
export type PodPhase = (typeof POD_PHASES)[number];

/**
 * `full`: as many as there should be. `filling`: more are on their way. `limited`: the limit, or the cluster, leaves no room for more.
 * `backing-off`: new sandboxes fail, and the next is tried at `retryAt`.
 */
export const POOL_STATES = ['full', 'filling', 'limited', 'backing-off'] as const;
export type PoolState = (typeof POOL_STATES)[number];
