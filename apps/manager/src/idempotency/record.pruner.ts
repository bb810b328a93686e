import { Inject, Injectable } from '@nestjs/common';
import { CONFIG_MAPS, KubeClient, listPages, type ClusterTime } from '@warmbox/kube';
import type { ConfigMap } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { ConfigMapPruner, type ExpiredConfigMap } from '../leadership/config-map.pruner.js';
import { Passes } from '../leadership/passes.js';
import { expired, type RecordSummary } from './record.retention.js';
import { readRecord, RECORD_SELECTOR, recordName } from './request.record.js';

const PAGE = 500;

/** Removes the records of requests whose time is over, and the oldest of too many. */
@Injectable()
export class RecordPruner extends ConfigMapPruner {
  constructor(
    @Inject(KubeClient) private readonly records: Pick<KubeClient, 'delete' | 'list'>,
    private readonly options: ManagerOptions,
    @Inject(Passes) passes: Pick<Passes, 'onLeader'>,
    @Inject(CLOCK) clock: ClusterTime,
  ) {
    super('request-record-pruning', passes, records, options.targetNamespace, clock);
  }

  protected async expired(now: number, signal: AbortSignal): Promise<ExpiredConfigMap[]> {
    return expired(await this.all(signal), now).map(({ hash, uid, resourceVersion }) => ({
      name: recordName(hash),
      uid,
      resourceVersion,
    }));
  }

  private async all(signal: AbortSignal): Promise<RecordSummary[]> {
    const { targetNamespace } = this.options;
    const records: RecordSummary[] = [];
    const query = { labelSelector: RECORD_SELECTOR, limit: PAGE };
    for await (const { items } of listPages(this.records, CONFIG_MAPS, targetNamespace, query, { signal })) {
      records.push(...items.flatMap(summaryOf));
    }
    return records;
  }
}

/** No more of each than is looked at: there may be many. */
function summaryOf(object: ConfigMap): RecordSummary[] {
  const record = readRecord(object);
  if (record === undefined) return [];
  const { hash, uid, resourceVersion, createdAt, renewedAt, pod } = record;
  return [{ hash, uid, resourceVersion, createdAt, renewedAt, pod }];
}
