import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';

/** What this manager measures, for Prometheus. */
@Global()
@Module({ providers: [Metrics], exports: [Metrics] })
export class MetricsModule {}
