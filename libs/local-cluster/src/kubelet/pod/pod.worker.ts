import { PODS, type KubeClient, type KubeLog } from '@warmbox/kube';
import { Backoff, type Clock, type Gate, pause, type Timer } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aborted, isAborted } from '../abort.js';
import type { Workload } from '../workload/workload.js';
import { CREATING, podStatus, type PodFacts, type PodStatus } from './pod.status.js';
import { isGone, StatusWriter } from './status.writer.js';

/** The grace of a pod that names none, in seconds: Kubernetes' own. */
const DEFAULT_GRACE_SECONDS = 30;

/** How long the last status may take to be written when the kubelet stops, in milliseconds. */
const LAST_WRITE_MS = 2_000;

/** One pod in the kubelet's hands, from the moment it is this node's until it is gone from the API server. */
export class PodWorker {
  private readonly writer: StatusWriter;
  private readonly ending = new AbortController();
  private readonly forcing = new AbortController();
  private readonly leaving = new AbortController();
  private readonly running: Promise<void>;
  private readonly life: Promise<void>;
  private facts: PodFacts;
  private status: PodStatus | undefined;
  private forceAt = Infinity;
  private timer: Timer | undefined;

  constructor(
    private pod: Pod,
    workload: Workload,
    hostIP: string,
    private readonly client: Pick<KubeClient, 'delete' | 'patchMerge'>,
    private readonly writes: Gate,
    private readonly clock: Clock,
    private readonly log: KubeLog,
  ) {
    this.writer = new StatusWriter(client, pod, writes, clock, log);
    const startTime = Date.parse(pod.status?.startTime ?? '') || clock.now();
    this.facts = {
      hostIP,
      podIP: pod.status?.podIP,
      startTime,
      isPrepared: false,
      container: CREATING,
      isReady: false,
    };
    this.running = this.run(workload);
    this.life = this.running.then(() => this.deleteObject());
    this.update(pod);
  }

  /** The pod has changed; it may be to be deleted now, or sooner than before. */
  update(pod: Pod): void {
    this.pod = pod;
    if (pod.metadata?.deletionTimestamp === undefined) return;
    this.end((pod.metadata.deletionGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS) * 1000);
  }

  /** The pod is gone from the API server: ends what is left of it at once. Resolves when nothing is. */
  async remove(): Promise<void> {
    this.leave();
    this.end(0);
    await this.life;
  }

  /** Ends what runs, within `graceMs`, and leaves the pod with the status that it then has: the kubelet stops. */
  async stop(graceMs: number): Promise<void> {
    this.end(graceMs);
    const limit = this.clock.after(graceMs + LAST_WRITE_MS, () => this.leave());
    await this.running;
    limit.cancel();
    this.leave();
    await this.life;
  }

  /** Writes nothing more to the API server. */
  private leave(): void {
    this.writer.stop();
    this.leaving.abort();
  }

  private end(graceMs: number): void {
    this.ending.abort();
    const at = this.clock.monotonic() + graceMs;
    if (at >= this.forceAt) return;
    this.forceAt = at;
    this.timer?.cancel();
    if (graceMs <= 0) this.forcing.abort();
    else this.timer = this.clock.after(graceMs, () => this.forcing.abort());
  }

  private async run(workload: Workload): Promise<void> {
    const last = await workload.run({
      pod: this.pod,
      report: (change) => this.report(change),
      ending: this.ending.signal,
      forcing: this.forcing.signal,
    });
    this.timer?.cancel();
    if (last !== undefined) this.report({ container: last, isPrepared: false, isReady: false });
    await this.writer.flushed();
  }

  private report(change: Partial<PodFacts>): void {
    this.facts = { ...this.facts, ...change };
    const own = this.status?.conditions ?? [];
    const others = this.pod.status?.conditions?.filter(({ type }) => !own.some((known) => known.type === type)) ?? [];
    const before = { ...this.pod.status, conditions: [...own, ...others] };
    this.status = podStatus({ ...this.pod, status: before }, this.facts, this.clock.now());
    this.writer.write(this.status);
  }

  /** The last step of a graceful deletion: nothing of the pod runs any more, so its object may go. */
  private async deleteObject(): Promise<void> {
    const leaving = this.leaving.signal;
    await Promise.race([aborted(this.ending.signal), aborted(leaving)]);
    const { namespace, name = '', uid } = this.pod.metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    const backoff = new Backoff({ initialMs: 50, maxMs: 5_000 });
    while (!leaving.aborted) {
      try {
        await this.writes.run(() => this.client.delete(PODS, { namespace, name }, body, { signal: leaving }), leaving);
        return;
      } catch (error) {
        if (isAborted(leaving) || isGone(error)) return;
        this.log.warn({ err: error, pod: name }, 'a pod that has ended could not be deleted; trying again');
        await pause(this.clock, backoff.next(), leaving);
      }
    }
  }
}
