import { Inject, Injectable } from '@nestjs/common';
import { CONFIG_MAPS, KubeClient, listPages, type ClusterTime } from '@warmbox/kube';
import type { ConfigMap } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { ConfigMapCollector, type Uncollected } from '../leadership/config-map.collector.js';
import { Leadership } from '../leadership/leadership.js';
import { uncollected, type Collectable } from './record.collection.js';
import { readRecord, RECORD_SELECTOR, recordName } from './request.record.js';

const PAGE = 500;

/** Removes the records of requests whose time is over, and the oldest of too many. */
@Injectable()
export class RecordCollector extends ConfigMapCollector {
  readonly name = 'request records';

  constructor(
    private readonly records: KubeClient,
    private readonly options: ManagerOptions,
    leadership: Leadership,
    @Inject(CLOCK) clock: ClusterTime,
  ) {
    super(records, options.targetNamespace, clock);
    leadership.register(this);
  }

  protected async uncollected(now: number, signal: AbortSignal): Promise<Uncollected[]> {
    return uncollected(await this.all(signal), now).map(({ hash, uid, resourceVersion }) => ({
      name: recordName(hash),
      uid,
      resourceVersion,
    }));
  }

  private async all(signal: AbortSignal): Promise<Collectable[]> {
    const { targetNamespace } = this.options;
    const records: Collectable[] = [];
    const query = { labelSelector: RECORD_SELECTOR, limit: PAGE };
    for await (const { items } of listPages(this.records, CONFIG_MAPS, targetNamespace, query, { signal })) {
      records.push(...items.flatMap(collectable));
    }
    return records;
  }
}

/** No more of each than is looked at: there may be many. */
function collectable(object: ConfigMap): Collectable[] {
  const record = readRecord(object);
  if (record === undefined) return [];
  const { hash, uid, resourceVersion, createdAt, renewedAt, pod } = record;
  return [{ hash, uid, resourceVersion, createdAt, renewedAt, pod }];
}
