import type { PodStore } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { sandboxGone } from './executor.failure.js';

/** One answer that is on its way; `signal` aborts with the reason when it must end. */
export interface OpenStream {
  signal: AbortSignal;
  end(reason: unknown): void;
  /** It is over: forget it. */
  close(): void;
}

/** The answers that are on their way from executors, so that they end with their sandbox and with this process. */
export class OpenStreams {
  private readonly bySandbox = new Map<string, Set<AbortController>>();
  private readonly unsubscribe: () => void;

  constructor(
    store: Pick<PodStore, 'subscribe'>,
    private readonly shutdown: AbortSignal,
  ) {
    // A node that died with its pods closes no connection; that the pod is deleted is all that tells.
    this.unsubscribe = store.subscribe(({ type, pod }) => {
      if (type === 'deleted') this.end(keyOf(pod), sandboxGone(pod.metadata?.name ?? ''));
    });
    shutdown.addEventListener('abort', () => {
      for (const key of this.bySandbox.keys()) this.end(key, shutdown.reason);
    });
  }

  open(pod: Pod): OpenStream {
    const key = keyOf(pod);
    const ending = new AbortController();
    if (this.shutdown.aborted) ending.abort(this.shutdown.reason);
    const group = this.bySandbox.get(key) ?? new Set();
    this.bySandbox.set(key, group.add(ending));
    return {
      signal: ending.signal,
      end: (reason) => ending.abort(reason),
      close: () => {
        group.delete(ending);
        if (group.size === 0 && this.bySandbox.get(key) === group) this.bySandbox.delete(key);
      },
    };
  }

  get size(): number {
    return [...this.bySandbox.values()].reduce((sum, group) => sum + group.size, 0);
  }

  /** Listens no more. */
  stop(): void {
    this.unsubscribe();
  }

  private end(key: string, reason: unknown): void {
    for (const ending of [...(this.bySandbox.get(key) ?? [])]) ending.abort(reason);
  }
}

function keyOf(pod: Pod): string {
  return pod.metadata?.uid ?? pod.metadata?.name ?? '';
}
