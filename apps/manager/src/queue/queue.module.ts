import { Module } from '@nestjs/common';
import { QueueMetrics } from './queue.metrics.js';
import { RequestQueues } from './request.queues.js';

/** Who waits for a sandbox at this manager: allocations for warm ones, creations for room; the pool's status tells how many. */
@Module({ providers: [QueueMetrics, RequestQueues], exports: [RequestQueues] })
export class QueueModule {}
