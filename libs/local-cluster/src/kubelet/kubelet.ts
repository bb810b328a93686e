import { join } from 'node:path';
import type { KubeClient, KubeLog } from '@warmbox/kube';
import { Backoff, type Clock, Gate, pause } from '@warmbox/platform';
import { uidOf, type Pod } from '@warmbox/sandbox';
import { isAborted } from './abort.js';
import type { KubeletMachine } from './kubelet.machine.js';
import { CONCURRENT_STARTS, CONCURRENT_WRITES, STOP_GRACE_MS, type KubeletOptions } from './kubelet.options.js';
import { NodeRegistration } from './node.registration.js';
import { PodFeed, type PodSink } from './pod/pod.feed.js';
import { refusalOf } from './pod/pod.refusal.js';
import { PodWorker } from './pod/pod.worker.js';
import { isGone } from './pod/status.writer.js';
import { ProcessWorkload } from './workload/process.workload.js';
import { endedWorkload, hollowWorkload, lostWorkload, refusedWorkload } from './workload/standing.workloads.js';
import type { Workload } from './workload/workload.js';

/**
 * A node of a cluster, on any API server: registers itself, binds pods to itself (if it is the scheduler too), and runs the
 * container of each as a process of this machine. It knows one image and one container a pod, and restarts nothing
 * (restartPolicy Never).
 */
export class Kubelet implements PodSink {
  private readonly stopping = new AbortController();
  private readonly writes = new Gate(CONCURRENT_WRITES);
  private readonly starts = new Gate(CONCURRENT_STARTS);
  private readonly registration: NodeRegistration;
  private readonly feed: PodFeed;
  private readonly workers = new Map<string, PodWorker>();
  private readonly binding = new Set<string>();
  private readonly leaving = new Set<Promise<void>>();
  private feeding: Promise<void> | undefined;
  private started = 0;
  private command: readonly string[] = [];

  constructor(
    private readonly client: KubeClient,
    private readonly machine: KubeletMachine,
    private readonly options: KubeletOptions,
    private readonly clock: Clock,
    private readonly log: KubeLog,
  ) {
    this.registration = new NodeRegistration(client, options.nodeName, HOST_IP, clock, log);
    this.feed = new PodFeed(client, options.namespace, this, clock, log);
  }

  /** Resolves once its Node is registered. @throws KubeApiError, KubeUnreachableError */
  async start(): Promise<void> {
    if (this.options.hollow === undefined) this.command = await this.machine.program(this.options.executorCommand);
    await this.registration.start();
    this.feeding = this.feed.run(this.stopping.signal);
  }

  /** Ends every pod's processes, SIGTERM first; the pods keep the status that this gives them. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.feeding;
    await Promise.all([...this.workers.values()].map((worker) => worker.stop(STOP_GRACE_MS)));
    await Promise.all(this.leaving);
    await this.registration.stop();
  }

  replace(pods: Pod[]): void {
    const present = new Set(pods.map(uidOf));
    for (const uid of this.workers.keys()) if (!present.has(uid)) this.release(uid);
    for (const pod of pods) this.changed(pod);
  }

  changed(pod: Pod): void {
    const node = pod.spec?.nodeName ?? '';
    if (node === '') this.bind(pod);
    else if (node === this.options.nodeName) this.take(pod);
  }

  deleted(pod: Pod): void {
    this.release(uidOf(pod));
  }

  private take(pod: Pod): void {
    const uid = uidOf(pod);
    const worker = this.workers.get(uid);
    if (worker !== undefined) worker.update(pod);
    else {
      const workload = this.workloadOf(pod);
      const { client, writes, clock, log } = this;
      this.workers.set(uid, new PodWorker(pod, workload, HOST_IP, client, writes, clock, log));
    }
  }

  private release(uid: string): void {
    const worker = this.workers.get(uid);
    if (worker === undefined) return;
    this.workers.delete(uid);
    const removed = worker.remove().finally(() => this.leaving.delete(removed));
    this.leaving.add(removed);
  }

  private workloadOf(pod: Pod): Workload {
    const { status } = pod;
    if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return endedWorkload;
    // Whoever wrote a start time ran under this node's name before.
    if (status?.startTime !== undefined) return lostWorkload;
    const refusal = refusalOf(pod);
    if (refusal !== undefined) return refusedWorkload(refusal, this.clock);
    if (this.options.hollow !== undefined) return hollowWorkload(this.options.hollow.readyAfterMs, this.clock);
    const { machine } = this;
    this.started += 1;
    const folder = join(machine.podsFolder, String(this.started));
    return new ProcessWorkload(folder, this.command, machine, this.starts, this.clock, this.log);
  }

  private bind(pod: Pod): void {
    const uid = uidOf(pod);
    if (!this.options.bind || pod.metadata?.deletionTimestamp !== undefined || this.binding.has(uid)) return;
    this.binding.add(uid);
    void this.bindUntilBound(pod).finally(() => this.binding.delete(uid));
  }

  private async bindUntilBound(pod: Pod): Promise<void> {
    const { namespace, name = '' } = pod.metadata ?? {};
    const { signal } = this.stopping;
    const backoff = new Backoff({ initialMs: 50, maxMs: 5_000 });
    while (!signal.aborted) {
      try {
        await this.writes.run(() => this.client.bind({ namespace, name }, this.options.nodeName, { signal }), signal);
        return;
      } catch (error) {
        // Gone, or bound already: the watch says which.
        if (isAborted(signal) || isGone(error)) return;
        this.log.warn({ err: error, pod: name }, 'a pod could not be bound; trying again');
        await pause(this.clock, backoff.next(), signal);
      }
    }
  }
}

/** The node's own address. */
const HOST_IP = '127.0.0.1';
