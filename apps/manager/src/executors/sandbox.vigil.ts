import type { PodStore } from '@warmbox/kube';
import { pause, type Clock } from '@warmbox/platform';
import { endOf, executorAddress, isEnded, isTerminating, nameOf, uidOf, type Pod } from '@warmbox/sandbox';
import type { ExecutorConnections } from './executor.connections.js';

/**
 * How long the cluster has to tell of an end that its executor's connection has shown, in milliseconds: a container has two seconds
 * to end, its kubelet looks at it once a second, and writes the status after that.
 */
const TOLD_WITHIN_MS = 10_000;
/** How long an executor may take to show that it lives, and until it is asked again, in milliseconds. */
const ANSWER_TIMEOUT_MS = 1_000;
const ASK_AGAIN_MS = 250;

/**
 * What has become of a sandbox, and the pod as it was last seen. `over`: it has ended or is being deleted; `gone`: it is not there
 * any more; `alive`: its executor answers; `silent`: nothing of this was shown in time.
 */
export interface Sighting {
  is: 'over' | 'gone' | 'alive' | 'silent';
  pod: Pod;
}

/** Whether its status, or that it is being deleted, says that whatever ran in it runs no more. */
export function isOver(pod: Pod): boolean {
  return isEnded(pod) || isTerminating(pod) || endOf(pod) !== undefined;
}

/**
 * Finds out what a broken connection to an executor means. It breaks before the sandbox's status says that it has ended, mostly a
 * second or two: to say that it can be resumed would be wrong then, and what it has died of is not known yet.
 */
export class SandboxVigil {
  constructor(
    private readonly store: Pick<PodStore, 'confirm' | 'subscribe'>,
    private readonly connections: Pick<ExecutorConnections, 'request'>,
    private readonly clock: Clock,
    private readonly toldWithinMs = TOLD_WITHIN_MS,
  ) {}

  /**
   * @param isStopping the executor itself has said that it ends: that it still answers then means nothing.
   * @param withinMs how long the cluster has to tell, in milliseconds, where that is less than usual.
   * @param signal gives up, with what is known; never rejects.
   */
  async keep(
    pod: Pod,
    { isStopping = false, signal, withinMs }: { isStopping?: boolean; signal?: AbortSignal; withinMs?: number } = {},
  ): Promise<Sighting> {
    const done = new AbortController();
    const until = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    const told = Promise.withResolvers<Sighting>();
    let last = pod;
    const unsubscribe = this.store.subscribe(({ type, pod: seen }) => {
      if (seen.metadata?.uid !== pod.metadata?.uid) return;
      last = seen;
      if (type === 'deleted') told.resolve({ is: 'gone', pod: seen });
      else if (isOver(seen)) told.resolve({ is: 'over', pod: seen });
    });
    try {
      const now = await this.look(pod);
      if (now.is !== 'silent') return now.is === 'gone' ? { is: 'gone', pod: last } : now;
      const waits = [
        told.promise,
        pause(this.clock, Math.min(withinMs ?? Infinity, this.toldWithinMs), until).then((): Sighting => ({
          is: 'silent',
          pod: last,
        })),
      ];
      if (!isStopping)
        waits.push(this.untilAnswered(now.pod, until).then((): Sighting => ({ is: 'alive', pod: last })));
      return await Promise.race(waits);
    } finally {
      unsubscribe();
      done.abort();
    }
  }

  /** The same by the cluster's word alone, at once; without its answer the sandbox is what it was known as. */
  async look(pod: Pod): Promise<Sighting> {
    try {
      const now = await this.store.confirm(nameOf(pod));
      if (now === undefined || now.metadata?.uid !== pod.metadata?.uid) return { is: 'gone', pod };
      return { is: isOver(now) ? 'over' : 'silent', pod: now };
    } catch {
      return { is: isOver(pod) ? 'over' : 'silent', pod };
    }
  }

  /** Resolves when the executor says that it is well, which one that stops does not; never where it does not. */
  private async untilAnswered(pod: Pod, signal: AbortSignal): Promise<void> {
    const address = executorAddress(pod);
    while (!signal.aborted && address !== undefined) {
      const endpoint = { uid: uidOf(pod), ...address };
      const times = { headersTimeout: ANSWER_TIMEOUT_MS, bodyTimeout: ANSWER_TIMEOUT_MS };
      try {
        const request = { method: 'GET', path: '/healthz', signal, ...times } as const;
        const { statusCode, body } = await this.connections.request(endpoint, request);
        await body.dump();
        if (statusCode === 200) return;
      } catch {
        // It is asked again.
      }
      await pause(this.clock, ASK_AGAIN_MS, signal);
    }
    await new Promise(() => undefined);
  }
}
