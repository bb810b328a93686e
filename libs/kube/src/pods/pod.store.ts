import { systemClock, type Clock } from '@warmbox/platform';
import { isSandbox, nameOf, uidOf, type Pod } from '@warmbox/sandbox';
import { COLLECTION_WATCH_DEFAULTS, CollectionWatch, type CollectionWatchOptions } from '../watch/collection.watch.js';
import type { KubeClient } from '../client/kube.client.js';
import { KubeApiError } from '../errors/kube.error.js';
import { silentLog, type KubeLog } from '../client/kube.log.js';
import { kubeProblem } from '../errors/kube.problem.js';
import { PODS } from '../client/kube.resource.js';
import { trimPod } from './pod.fields.js';
import type { PodQuery } from './pod.index.js';
import { PodView, type PodChange } from './pod.view.js';
import { SANDBOX_PODS } from './pod.watch.js';

export interface PodStoreOptions extends Partial<CollectionWatchOptions> {
  namespace: string;
  /** How long after the last proof of life the store still counts as current, in milliseconds (30,000). */
  currentForMs?: number;
  /** For jitter. */
  random?: () => number;
}

/**
 * The sandboxes' pods as they are, kept by one LIST and WATCH. What it says is true, but may be late: a "no" that matters
 * is confirmed by `confirm`. Pods are trimmed to the fields in use, and shared: do not change them.
 */
export class PodStore {
  /** Resolves when the first LIST is in; never, if the store is stopped before. */
  readonly synced: Promise<void>;
  private readonly namespace: string;
  private readonly currentForMs: number;
  private readonly view = new PodView();
  private readonly watch: CollectionWatch<Pod>;
  private readonly listeners = new Set<(change: PodChange) => void>();
  private readonly followers = new Map<string, Set<() => void>>();
  private readonly flights = new Map<string, Flight>();
  private untold: PodChange[] = [];
  private telling = false;
  private readonly stopping = new AbortController();
  private running: Promise<void> | undefined;
  private provenAt: number | undefined;

  constructor(
    private readonly client: KubeClient,
    options: PodStoreOptions,
    private readonly clock: Clock = systemClock,
    private readonly log: KubeLog = silentLog,
  ) {
    const { currentForMs = 30_000, random = Math.random, ...watch } = options;
    this.namespace = options.namespace;
    this.currentForMs = currentForMs;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.synced = promise;
    this.watch = new CollectionWatch(
      client,
      SANDBOX_PODS,
      { ...COLLECTION_WATCH_DEFAULTS, ...watch },
      {
        replace: (pods, version) => {
          this.tell(this.view.replace(pods, version));
          resolve(undefined);
        },
        apply: (type, pod) => this.tell(this.view.apply(type, pod)),
        advance: (version) => this.view.advance(version),
        alive: () => (this.provenAt = clock.monotonic()),
      },
      clock,
      random,
      log,
    );
  }

  /** Begins LIST and WATCH, which go on until `stop`. */
  start(): void {
    this.running ??= this.watch.run(this.stopping.signal);
  }

  /** Ends the watch, and resolves when it has ended. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  /** Whether the first LIST is in and the server has proved since, within the last 30 s, that the store is up to date. */
  isCurrent(): boolean {
    return this.ageMs !== undefined && this.ageMs <= this.currentForMs;
  }

  /** Milliseconds since the server last proved that the store is up to date; undefined before the first LIST is in. */
  get ageMs(): number | undefined {
    return this.provenAt === undefined ? undefined : this.clock.monotonic() - this.provenAt;
  }

  get(name: string): Pod | undefined {
    return this.view.pods.get(name);
  }

  /** How many pods there are, whatever their state. */
  get size(): number {
    return this.view.pods.size;
  }

  /** How many names are followed. */
  get followed(): number {
    return this.followers.size;
  }

  /** The pods of a query, in no order. */
  list(query?: PodQuery): Pod[] {
    return this.view.pods.select(query);
  }

  /** As `list`, one by one from a pod on that is drawn by lot: whoever takes one of the first pays for no others. */
  draw(query: PodQuery, random: () => number = Math.random): Iterable<Pod> {
    return this.view.pods.draw(query, random);
  }

  /** Takes in the answer of a write or a GET, unless the watch has shown that or something later already. */
  put(pod: Pod): void {
    this.tell(this.view.put(trimPod(pod)));
  }

  /**
   * The pod as the API server has it now, by a GET that is sent after the call. All who ask for one name while a GET for
   * it is under way share the next one.
   *
   * @returns undefined where there is none, or one that is not ours; the same promise for all who share a GET.
   * @throws ProblemError kubernetes_unavailable where the API server does not tell
   */
  confirm(name: string): Promise<Pod | undefined> {
    const flight = this.flights.get(name);
    if (flight === undefined) return this.send(name);
    // Who asks while a GET is under way may ask because of what has happened since it was sent: theirs is the next one.
    flight.next ??= flight.current.then(ignore, ignore).then(() => this.send(name));
    return flight.next;
  }

  /** Calls `listener` at each change, in order. What it throws is reported and harms nobody else. */
  subscribe(listener: (change: PodChange) => void): () => void {
    // A function of its own, so that who subscribes twice is told twice.
    const entry = (change: PodChange): void => listener(change);
    this.listeners.add(entry);
    return () => void this.listeners.delete(entry);
  }

  /**
   * The pod as it is now, and again whenever it has changed; who reads slowly gets the latest state, not each one. Ends
   * after undefined (the pod is gone, or was never there), or when the signal aborts.
   */
  async *follow(name: string, signal: AbortSignal): AsyncGenerator<Pod | undefined> {
    let wake = (): void => undefined;
    let changed = true;
    const notice = (): void => {
      changed = true;
      wake();
    };
    const group = this.followers.get(name) ?? new Set();
    this.followers.set(name, group.add(notice));
    signal.addEventListener('abort', notice);
    try {
      const uid = uidOf(this.get(name) ?? {});
      for (;;) {
        while (!changed) await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) return;
        changed = false;
        const pod = this.get(name);
        const isSame = pod !== undefined && uidOf(pod) === uid;
        yield isSame ? pod : undefined;
        if (!isSame) return;
      }
    } finally {
      signal.removeEventListener('abort', notice);
      group.delete(notice);
      if (group.size === 0 && this.followers.get(name) === group) this.followers.delete(name);
    }
  }

  private send(name: string): Promise<Pod | undefined> {
    const flight: Flight = { current: this.ask(name) };
    this.flights.set(name, flight);
    const land = (): void => {
      if (flight.next === undefined) this.flights.delete(name);
    };
    flight.current.then(land, land);
    return flight.current;
  }

  private async ask(name: string): Promise<Pod | undefined> {
    const seen = this.get(name);
    const found = await this.fetch(name);
    if (found !== undefined) {
      this.tell(this.view.put(found));
      return found;
    }
    if (seen !== undefined) this.tell(this.view.miss(seen));
    return undefined;
  }

  private async fetch(name: string): Promise<Pod | undefined> {
    try {
      const pod = await this.client.get(PODS, { namespace: this.namespace, name });
      return isSandbox(pod) ? trimPod(pod) : undefined;
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined;
      throw kubeProblem(error);
    }
  }

  private tell(changes: PodChange[]): void {
    this.untold.push(...changes);
    // A listener that changes the store itself is told of it after everybody has been told of the first change.
    if (this.telling) return;
    this.telling = true;
    for (let change = this.untold.shift(); change !== undefined; change = this.untold.shift()) this.tellOne(change);
    this.telling = false;
  }

  private tellOne(change: PodChange): void {
    for (const notice of this.followers.get(nameOf(change.pod)) ?? []) notice();
    for (const listener of this.listeners) {
      try {
        listener(change);
      } catch (error) {
        this.log.warn({ err: error }, 'a listener of the pod store failed');
      }
    }
  }
}

/** The GETs of one name: the one that is under way, and the one that follows it. */
interface Flight {
  current: Promise<Pod | undefined>;
  next?: Promise<Pod | undefined>;
}

function ignore(): void {
  // The outcome is for those who asked.
}
