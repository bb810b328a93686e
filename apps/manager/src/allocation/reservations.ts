import type { PodStore } from '@warmbox/kube';
import type { Clock, Timer } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';

/** How long a refused pod is left alone where nothing is heard of it, in milliseconds. */
const REFUSED_MS = 2_000;

/** Which warm pods nobody in this process needs to try: somebody does, or was refused since they last changed. */
export class Reservations {
  private readonly held = new Set<string>();
  private readonly refused = new Map<string, { version: string | undefined; timer: Timer }>();

  /** @param onFree hears that a pod can be tried again although the store says nothing new of it. */
  constructor(
    store: Pick<PodStore, 'subscribe'>,
    private readonly clock: Clock,
    private readonly onFree: () => void,
  ) {
    store.subscribe(({ pod }) => this.forget(uidOf(pod)));
  }

  has(pod: Pod): boolean {
    const uid = uidOf(pod);
    const refused = this.refused.get(uid);
    return this.held.has(uid) || (refused !== undefined && refused.version === pod.metadata?.resourceVersion);
  }

  hold(pod: Pod): void {
    this.held.add(uidOf(pod));
  }

  release(pod: Pod): void {
    this.held.delete(uidOf(pod));
    this.onFree();
  }

  /** Its claim was refused: what the store showed of it is out of date, and a change is most likely on its way. */
  refuse(pod: Pod): void {
    const uid = uidOf(pod);
    this.forget(uid);
    const timer = this.clock.after(REFUSED_MS, () => {
      this.forget(uid);
      this.onFree();
    });
    this.refused.set(uid, { version: pod.metadata?.resourceVersion, timer });
    this.held.delete(uid);
  }

  private forget(uid: string): void {
    this.refused.get(uid)?.timer.cancel();
    this.refused.delete(uid);
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata?.uid ?? '';
}
