import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Leadership } from './leadership.js';

/**
 * Registers the passes of the leader's tasks with @nestjs/schedule, so that they are listed with the other scheduled ones. They run
 * by themselves: the module's own intervals start a run while the last one still goes on, and its shutdown waits for none.
 */
@Injectable()
export class LeadershipSchedule implements OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly registry: SchedulerRegistry,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'registered'>,
  ) {}

  onApplicationBootstrap(): void {
    for (const { name, passes } of this.leadership.registered) {
      if (passes === undefined) continue;
      this.registry.addInterval(name, passes);
      passes.start();
    }
  }

  async onModuleDestroy(): Promise<void> {
    for (const { name, passes } of this.leadership.registered) {
      if (passes === undefined) continue;
      this.registry.deleteInterval(name);
      await passes.stop();
    }
  }
}
