import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { PoolReconciler } from './pool.reconciler.js';

const NAME = 'pool-resync';

/**
 * Registers the resync with @nestjs/schedule, so that it is listed with the other scheduled passes. It runs by itself: the
 * module's own intervals start a run while the last one still goes on, and its shutdown waits for none.
 */
@Injectable()
export class PoolSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly reconciler: PoolReconciler,
  ) {}

  onApplicationBootstrap(): void {
    this.registry.addInterval(NAME, this.reconciler.resync);
    this.reconciler.resync.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.registry.deleteInterval(NAME);
    await this.reconciler.resync.stop();
  }
}
