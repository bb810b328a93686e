import { Inject, Injectable } from '@nestjs/common';
import { KubeClient, type ClusterTime } from '@warmbox/kube';
import { tombstoneName } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { ConfigMapCollector, type Uncollected } from '../leadership/config-map.collector.js';
import { Leadership } from '../leadership/leadership.js';
import { TombstoneFeed } from './tombstone.feed.js';
import { uncollected } from './tombstone.collection.js';

/** Removes tombstones whose time is over, and the oldest of too many. */
@Injectable()
export class TombstoneCollector extends ConfigMapCollector {
  readonly name = 'tombstones';

  constructor(
    client: KubeClient,
    private readonly feed: TombstoneFeed,
    private readonly options: ManagerOptions,
    leadership: Leadership,
    @Inject(CLOCK) clock: ClusterTime,
  ) {
    super(client, options.targetNamespace, clock);
    leadership.register(this);
  }

  protected uncollected(now: number): Uncollected[] {
    const keptMs = this.options.tombstoneMinutes * 60_000;
    // Whatever version it has by now: it is never changed to be kept for longer.
    return uncollected(this.feed.all, now, keptMs).map(({ name, uid }) => ({ name: tombstoneName(name), uid }));
  }
}
