import { Module } from '@nestjs/common';
import { KeyedRequests } from './keyed.requests.js';
import { RecordPruner } from './record.pruner.js';
import { RequestPods } from './request.pods.js';
import { RequestRecords } from './request.records.js';

/** Requests that may be sent again: one sandbox for each idempotency key. */
@Module({
  providers: [KeyedRequests, RecordPruner, RequestPods, RequestRecords],
  exports: [KeyedRequests],
})
export class IdempotencyModule {}
