import type { PodStore } from '@warmbox/kube';
import type { Clock, ProblemError, Timer } from '@warmbox/platform';
import { endOf, nameOf, type Pod } from '@warmbox/sandbox';

/**
 * How long after a sandbox's status has told its end what its executor has sent may still arrive, in milliseconds: the status may
 * be faster than the last bytes of the connection.
 */
const LAST_BYTES_MS = 500;

/** One answer that is on its way; `signal` aborts with the reason when it must end. */
export interface OpenStream {
  signal: AbortSignal;
  end(reason: unknown): void;
  /** It is over: forget it. */
  close(): void;
}

/** The answers on their way from one sandbox's executor. */
interface Group {
  endings: Set<AbortController>;
  /** Until they end, once the sandbox has. */
  timer?: Timer;
}

/**
 * The answers that are on their way from executors, so that they end with their sandbox and with this process. A sandbox that dies
 * of memory under gVisor, or with its node, closes no connection: what its status says, or that it is deleted, is all that tells.
 */
export class OpenStreams {
  private readonly bySandbox = new Map<string, Group>();
  private readonly unsubscribe: () => void;

  /** @param explain what whoever waits for an answer is told of a sandbox that has ended or is deleted; never rejects. */
  constructor(
    store: Pick<PodStore, 'subscribe'>,
    private readonly shutdown: AbortSignal,
    private readonly explain: (pod: Pod) => Promise<ProblemError>,
    private readonly clock: Clock,
  ) {
    this.unsubscribe = store.subscribe(({ type, pod }) => {
      const group = this.bySandbox.get(keyOf(pod));
      if (group === undefined) return;
      if (type === 'deleted') this.endSoon(group, pod, 0);
      else if (endOf(pod) !== undefined) this.endSoon(group, pod, LAST_BYTES_MS);
    });
    shutdown.addEventListener('abort', () => {
      for (const group of this.bySandbox.values()) end(group, shutdown.reason);
    });
  }

  open(pod: Pod): OpenStream {
    const key = keyOf(pod);
    const ending = new AbortController();
    if (this.shutdown.aborted) ending.abort(this.shutdown.reason);
    const group = this.bySandbox.get(key) ?? { endings: new Set() };
    this.bySandbox.set(key, group);
    group.endings.add(ending);
    return {
      signal: ending.signal,
      end: (reason) => ending.abort(reason),
      close: () => {
        group.endings.delete(ending);
        if (group.endings.size > 0 || this.bySandbox.get(key) !== group) return;
        group.timer?.cancel();
        this.bySandbox.delete(key);
      },
    };
  }

  get size(): number {
    return [...this.bySandbox.values()].reduce((sum, { endings }) => sum + endings.size, 0);
  }

  /** Listens no more. */
  stop(): void {
    this.unsubscribe();
    for (const { timer } of this.bySandbox.values()) timer?.cancel();
  }

  private endSoon(group: Group, pod: Pod, ms: number): void {
    group.timer?.cancel();
    group.timer = this.clock.after(ms, () => void this.explain(pod).then((problem) => end(group, problem)));
  }
}

function end({ endings }: Group, reason: unknown): void {
  for (const ending of [...endings]) ending.abort(reason);
}

function keyOf(pod: Pod): string {
  return pod.metadata?.uid ?? nameOf(pod);
}
