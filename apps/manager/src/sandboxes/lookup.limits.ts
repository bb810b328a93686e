import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@warmbox/platform';
import { CLOCK } from '../kube/kube.module.js';
import { LookupLimit } from './lookup.limit.js';

/** Lookups that found nothing which a tenant may go on with each second, and at once. */
const MISSES_PER_SECOND = 200;
const MISSES_BURST = 400;

/** Tenants whose misses are counted at most; beyond them the one that looked up nothing for the longest time is forgotten. */
const TENANTS_MAX = 1_000;

/** The limit of each tenant's lookups: one that asks for names that do not exist keeps no other from its sandboxes. */
@Injectable()
export class LookupLimits {
  /** In the order of their last use. */
  private readonly limits = new Map<string, LookupLimit>();

  constructor(@Inject(CLOCK) private readonly clock: Clock) {}

  of(tenant: string): LookupLimit {
    const limit = this.limits.get(tenant) ?? new LookupLimit(MISSES_PER_SECOND, MISSES_BURST, this.clock);
    this.limits.delete(tenant);
    this.limits.set(tenant, limit);
    for (const oldest of this.limits.keys()) {
      if (this.limits.size <= TENANTS_MAX) break;
      this.limits.delete(oldest);
    }
    return limit;
  }

  /** How many tenants are remembered. */
  get size(): number {
    return this.limits.size;
  }
}
