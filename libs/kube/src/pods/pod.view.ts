import { isSandbox, nameOf, uidOf, type Pod } from '@warmbox/sandbox';
import { PodIndex } from './pod.index.js';
import { isLater } from '../watch/resource.version.js';

export interface PodChange {
  type: 'added' | 'modified' | 'deleted';
  /** As it is now; as it last was, where it is deleted. */
  pod: Pod;
  /** As it was before, where it was known. */
  previous?: Pod;
}

/**
 * What is known of the pods, from three sources that overtake each other: lists, watch events and the answers of single
 * requests. It never goes back: per pod the later resourceVersion wins, an answer that is not above the watch's position
 * is old news, and a pod that a GET found gone stays gone however far behind the watch is. Every method returns what it
 * changed. No I/O and no time in here; all pods that come in are trimmed.
 */
export class PodView {
  readonly pods = new PodIndex();
  /** Everything up to this resourceVersion is in the view. */
  private reached: string | undefined;
  /** Uids of pods that a GET found gone and whose end the watch has not shown yet. */
  private readonly gone = new Set<string>();

  get position(): string | undefined {
    return this.reached;
  }

  /** A whole list, which is the truth as of its resourceVersion. */
  replace(listed: Pod[], resourceVersion: string): PodChange[] {
    // A version below one that was seen: the server lost its history (restored or started anew), and ours means nothing.
    const anew = isLater(this.reached, resourceVersion);
    const present = new Map(listed.map((pod) => [nameOf(pod), pod]));
    const changes: PodChange[] = [];
    const uids = new Set(listed.map(uidOf));
    for (const uid of this.gone) if (anew || !uids.has(uid)) this.gone.delete(uid);
    for (const known of this.pods.values()) {
      const isNews = !anew && isLater(versionOf(known), resourceVersion);
      if (!present.has(nameOf(known)) && !isNews) changes.push(...this.remove(known, known));
    }
    for (const pod of present.values()) changes.push(...this.take(pod, anew));
    this.reached = resourceVersion;
    return changes;
  }

  /** One event of the watch. */
  apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: Pod): PodChange[] {
    const version = versionOf(pod);
    if (isLater(version, this.reached)) this.reached = version;
    if (type !== 'DELETED') return this.take(pod);
    this.gone.delete(uidOf(pod));
    const known = this.pods.get(nameOf(pod));
    // Of a name's later bearer, which an answer has put here already, this is no news.
    if (known === undefined || (uidOf(known) !== uidOf(pod) && isLater(versionOf(known), version))) return [];
    return this.remove(known, uidOf(known) === uidOf(pod) ? pod : known);
  }

  /** The watch has reached this resourceVersion without an event (a bookmark). */
  advance(resourceVersion: string): void {
    if (isLater(resourceVersion, this.reached)) this.reached = resourceVersion;
  }

  /** The answer of a write or a GET. */
  put(pod: Pod): PodChange[] {
    // What is not above the position the watch has shown, and perhaps a deletion after it.
    if (!isSandbox(pod) || !isLater(versionOf(pod), this.reached)) return [];
    return this.take(pod);
  }

  /** A GET that was sent while `seen` was in the view found nothing by its name: `seen` is gone. */
  miss(seen: Pod): PodChange[] {
    const known = this.pods.get(nameOf(seen));
    // A pod that has come under that name since is not the one that is gone.
    if (known === undefined || uidOf(known) !== uidOf(seen)) return [];
    this.gone.add(uidOf(seen));
    return this.remove(known, known);
  }

  private take(pod: Pod, anew = false): PodChange[] {
    if (this.gone.has(uidOf(pod))) return [];
    const known = this.pods.get(nameOf(pod));
    if (known !== undefined) {
      const changed = anew ? versionOf(pod) !== versionOf(known) : isLater(versionOf(pod), versionOf(known));
      if (!changed) return [];
    }
    this.pods.set(pod);
    if (known === undefined) return [{ type: 'added', pod }];
    if (uidOf(known) === uidOf(pod)) return [{ type: 'modified', pod, previous: known }];
    return [
      { type: 'deleted', pod: known, previous: known },
      { type: 'added', pod },
    ];
  }

  private remove(known: Pod, last: Pod): PodChange[] {
    this.pods.delete(nameOf(known));
    return [{ type: 'deleted', pod: last, previous: known }];
  }
}

function versionOf(pod: Pod): string | undefined {
  return pod.metadata?.resourceVersion;
}
