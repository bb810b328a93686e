import { Inject, Injectable } from '@nestjs/common';
import type { Pod } from '@warmbox/sandbox';
import { SandboxPlanner } from '../sandboxes/sandbox.planner.js';
import { POOL_OPTIONS, type PoolOptions } from './pool.ports.js';

/** One runtime's pool as it should be. */
export interface PoolTarget {
  name: string;
  size: number;
  template: string;
}

/** The pods that pools are made of. */
@Injectable()
export class PoolPods {
  /** Every configured runtime. */
  readonly templates: readonly PoolTarget[];

  constructor(
    private readonly planner: SandboxPlanner,
    @Inject(POOL_OPTIONS) { warmPoolSizes }: PoolOptions,
  ) {
    this.templates = Object.entries(warmPoolSizes).map(([name, size]) => ({
      name,
      size,
      template: planner.templateOf(name),
    }));
  }

  /** A new pod for a runtime's pool. */
  make({ name }: Pick<PoolTarget, 'name'>): Pod {
    return this.planner.warm(name);
  }
}
