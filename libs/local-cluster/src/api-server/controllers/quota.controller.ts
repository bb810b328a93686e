import type { ResourceQuota } from '@warmbox/sandbox';
import type { Clock, Timer } from '@warmbox/platform';
import { sameJson } from '../json.js';
import type { Stored } from '../kinds/kind.js';
import { POD_KIND } from '../kinds/pod.kind.js';
import { RESOURCE_QUOTA_KIND } from '../kinds/resource-quota.kind.js';
import type { Change } from '../store/collection.js';
import type { ObjectStore } from '../store/object.store.js';
import { isAlive, quantityOf } from '../writes/quota.admission.js';

/**
 * Keeps status.hard equal to spec.hard and status.used to what there is. As with the real one that happens a moment after
 * the cause: a new quota limits nothing and a deleted pod still counts until then.
 */
export class QuotaController {
  private readonly due = new Map<string, Timer>();
  private readonly unsubscribe: (() => void)[];

  constructor(
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly delayMs: number,
  ) {
    this.unsubscribe = [
      store.of(RESOURCE_QUOTA_KIND).subscribe((change) => {
        if (change.type !== 'DELETED' && !sameJson(hardOf(change.version.object), hardOf(change.previous?.object))) {
          this.schedule(change);
        }
      }),
      store.of(POD_KIND).subscribe((change) => {
        const ended =
          !isAlive(change.version.object) && change.previous !== undefined && isAlive(change.previous.object);
        if (change.type === 'DELETED' || ended) this.schedule(change);
      }),
    ];
  }

  stop(): void {
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    for (const timer of this.due.values()) timer.cancel();
    this.due.clear();
  }

  private schedule({ version }: Change): void {
    const { namespace = '' } = version.object.metadata;
    if (this.due.has(namespace)) return;
    this.due.set(
      namespace,
      this.clock.after(this.delayMs, () => {
        this.due.delete(namespace);
        this.recount(namespace);
      }),
    );
  }

  private recount(namespace: string): void {
    const quotas = this.store.list(RESOURCE_QUOTA_KIND, namespace);
    if (quotas.length === 0) return;
    const pods = this.store.list(POD_KIND, namespace);
    const alive = pods.filter(({ object }) => isAlive(object));
    const counts: Record<string, string> = { 'count/pods': quantityOf(pods.length), pods: quantityOf(alive.length) };
    for (const { object } of quotas) {
      const hard = object.spec?.hard;
      if (hard === undefined) continue;
      const used = Object.fromEntries(Object.keys(hard).map((name) => [name, counts[name] ?? '0']));
      const status = { hard, used };
      if (!sameJson(object.status, status)) this.store.put(RESOURCE_QUOTA_KIND, { ...object, status });
    }
  }
}

function hardOf(quota: Stored | undefined): unknown {
  return (quota as ResourceQuota | undefined)?.spec?.hard;
}
