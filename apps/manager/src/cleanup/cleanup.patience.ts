import { Backoff, type BackoffOptions } from '@warmbox/platform';

/** For each pod, how long to wait before doing once more what has been of no use: longer each time. */
export class CleanupPatience {
  private readonly backoffs = new Map<string, Backoff>();

  constructor(private readonly options: BackoffOptions) {}

  /** Milliseconds until the next attempt. */
  next(uid: string): number {
    const backoff = this.backoffs.get(uid) ?? new Backoff(this.options);
    this.backoffs.set(uid, backoff);
    return backoff.next();
  }

  /** It has been of use, or the pod is gone. */
  forget(uid: string): void {
    this.backoffs.delete(uid);
  }
}
