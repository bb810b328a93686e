import { Module, type DynamicModule } from '@nestjs/common';
import { CurrentCandidacy } from './current.candidacy.js';
import { Leadership } from './leadership.js';
import { LeadershipMetrics } from './leadership.metrics.js';
import { LEADERSHIP_OPTIONS, type LeadershipOptions } from './leadership.options.js';
import { LeadershipSchedule } from './leadership.schedule.js';

/** Which manager leads, for every module that has work for the leader or publishes what it did. */
@Module({})
export class LeadershipModule {
  static of(options: LeadershipOptions): DynamicModule {
    return {
      module: LeadershipModule,
      global: true,
      providers: [
        { provide: LEADERSHIP_OPTIONS, useValue: options },
        Leadership,
        CurrentCandidacy,
        LeadershipMetrics,
        LeadershipSchedule,
      ],
      exports: [Leadership],
    };
  }
}
