import type { Pod } from '@warmbox/sandbox';

/** Pods by name, in an order that means nothing; beginning anywhere costs no more than beginning at the first. */
export class PodGroup {
  private readonly pods: Pod[] = [];
  private readonly places = new Map<string, number>();

  get size(): number {
    return this.pods.length;
  }

  set(name: string, pod: Pod): void {
    const place = this.places.get(name) ?? this.pods.length;
    this.places.set(name, place);
    this.pods[place] = pod;
  }

  delete(name: string): void {
    const place = this.places.get(name);
    const last = this.pods.at(-1);
    if (place === undefined || last === undefined) return;
    this.places.set(last.metadata?.name ?? '', place);
    this.places.delete(name);
    this.pods[place] = last;
    this.pods.pop();
  }

  values(): readonly Pod[] {
    return this.pods;
  }

  /** Each pod once, beginning at a place drawn by lot. @param random from [0, 1). */
  *drawn(random: () => number): Generator<Pod, void> {
    const { pods } = this;
    const start = Math.floor(random() * pods.length);
    for (let place = start; place < pods.length; place += 1) yield pods[place] as Pod;
    for (let place = 0; place < start; place += 1) yield pods[place] as Pod;
  }
}
