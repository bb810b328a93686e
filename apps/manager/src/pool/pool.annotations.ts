/** Annotations of the Lease: what the pool's leader publishes for every manager. */
export const POOL_ANNOTATION = {
  circuits: 'warmbox.dev/pool-circuits',
  template: 'warmbox.dev/pool-template',
} as const;
