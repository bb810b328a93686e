import { nameOf, type Pod } from '@warmbox/sandbox';

/** Pods by name, in an order that means nothing; beginning anywhere costs no more than beginning at the first. */
export class PodGroup {
  private readonly pods: Pod[] = [];
  private readonly indexes = new Map<string, number>();

  get size(): number {
    return this.pods.length;
  }

  set(name: string, pod: Pod): void {
    const index = this.indexes.get(name) ?? this.pods.length;
    this.indexes.set(name, index);
    this.pods[index] = pod;
  }

  delete(name: string): void {
    const index = this.indexes.get(name);
    const last = this.pods.at(-1);
    if (index === undefined || last === undefined) return;
    this.indexes.set(nameOf(last), index);
    this.indexes.delete(name);
    this.pods[index] = last;
    this.pods.pop();
  }

  values(): readonly Pod[] {
    return this.pods;
  }

  /** Each pod once, beginning at an index drawn by lot. @param random from [0, 1). */
  *drawn(random: () => number): Generator<Pod, void> {
    const { pods } = this;
    const start = Math.floor(random() * pods.length);
    for (let index = start; index < pods.length; index += 1) yield pods[index] as Pod;
    for (let index = 0; index < start; index += 1) yield pods[index] as Pod;
  }
}
