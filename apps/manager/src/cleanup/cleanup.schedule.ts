import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CleanupLoop } from './cleanup.loop.js';

const NAME = 'cleanup-resync';

/**
 * Starts cleanup and stops it. Its resync is registered with @nestjs/schedule, so that it is listed with the other scheduled
 * passes, but runs by itself: the module's own intervals overlap themselves, and its shutdown waits for none.
 */
@Injectable()
export class CleanupSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly registry: SchedulerRegistry,
    private readonly loop: CleanupLoop,
  ) {}

  onApplicationBootstrap(): void {
    this.registry.addInterval(NAME, this.loop.resync);
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    this.registry.deleteInterval(NAME);
    await this.loop.stop();
  }
}
