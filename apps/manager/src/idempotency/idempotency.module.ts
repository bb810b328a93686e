import { Module } from '@nestjs/common';
import { KeyedRequests } from './keyed.requests.js';
import { RecordCollector } from './record.collector.js';
import { RequestPods } from './request.pods.js';
import { RequestRecords } from './request.records.js';

/** Requests that may be sent again: one sandbox for each idempotency key. */
@Module({
  providers: [KeyedRequests, RecordCollector, RequestPods, RequestRecords],
  exports: [KeyedRequests],
})
export class IdempotencyModule {}
