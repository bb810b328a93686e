import { Inject, Injectable } from '@nestjs/common';
import { KubeClient, type ClusterTime } from '@warmbox/kube';
import { tombstoneName } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';
import { ConfigMapPruner, type ExpiredConfigMap } from '../leadership/config-map.pruner.js';
import { Passes } from '../leadership/passes.js';
import { TombstoneStore } from './tombstone.store.js';
import { expired } from './tombstone.retention.js';

/** Removes tombstones whose time is over, and the oldest of too many. */
@Injectable()
export class TombstonePruner extends ConfigMapPruner {
  constructor(
    @Inject(KubeClient) client: Pick<KubeClient, 'delete'>,
    @Inject(TombstoneStore) private readonly store: Pick<TombstoneStore, 'all'>,
    private readonly options: ManagerOptions,
    @Inject(Passes) passes: Pick<Passes, 'onLeader'>,
    @Inject(CLOCK) clock: ClusterTime,
  ) {
    super('tombstone-pruning', passes, client, options.targetNamespace, clock);
  }

  protected expired(now: number): ExpiredConfigMap[] {
    const keptMs = this.options.tombstoneMinutes * 60_000;
    // Whatever version it has by now: it is never changed to be kept for longer.
    return expired(this.store.all, now, keptMs).map(({ name, uid }) => ({ name: tombstoneName(name), uid }));
  }
}
