import { Module } from '@nestjs/common';
import { systemClock } from '@warmbox/platform';
import { ActivityController } from './activity.controller.js';
import { ActivityMeter } from './activity.meter.js';

/** Whether the sandbox is in use. */
@Module({
  controllers: [ActivityController],
  providers: [{ provide: ActivityMeter, useFactory: () => new ActivityMeter(systemClock) }],
  exports: [ActivityMeter],
})
export class ActivityModule {}
