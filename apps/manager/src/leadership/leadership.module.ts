import { Module, type DynamicModule } from '@nestjs/common';
import { CurrentCandidacy } from './current.candidacy.js';
import { Leadership } from './leadership.js';
import { LeadershipMetrics } from './leadership.metrics.js';
import { LEADERSHIP_OPTIONS, type LeadershipOptions } from './leadership.options.js';
import { PassMetrics } from './pass.metrics.js';
import { Passes } from './passes.js';

/** Which manager leads, and what is done again and again, by the leader or by every manager. */
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
        Passes,
        PassMetrics,
      ],
      exports: [Leadership, Passes],
    };
  }
}
