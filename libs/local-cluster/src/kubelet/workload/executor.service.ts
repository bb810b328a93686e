import { Periodic, type Clock } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aborted } from '../abort.js';
import type { Container } from '../isolation/isolation.js';
import { executorAnswers } from '../network/executor.answer.js';
import type { PodAddress } from '../network/pod.network.js';
import { afterResult, BEFORE_FIRST_PROBE, periodOf, probe, type ProbeSpec } from '../network/readiness.probe.js';
import { Splice } from '../network/splice.js';

/**
 * Makes a running executor reachable: as soon as it has answered on its socket the pod's address takes connections, and not before, so
 * that whoever is refused knows that there is nothing yet. Then the readiness probe runs, the first time at once.
 */
export class ExecutorService {
  /** Why the executor cannot be reached, where the address could not be listened on. */
  problem: string | undefined;
  private readonly failure = new AbortController();
  private readonly stopping = new AbortController();
  private splice: Splice | undefined;
  private probing: Periodic | undefined;
  private serving: Promise<void> | undefined;

  constructor(
    private readonly pod: Pod,
    private readonly container: Pick<Container, 'socket'>,
    private readonly address: PodAddress,
    private readonly clock: Clock,
    private readonly onReadiness: (isReady: boolean) => void,
  ) {}

  /** Resolves when it can be reached, when there is a `problem`, or when it is stopped. */
  start(): Promise<void> {
    this.serving = this.serve().catch((error: unknown) => {
      if (this.stopping.signal.aborted) return;
      this.problem = error instanceof Error ? error.message : String(error);
      this.failure.abort();
    });
    return this.serving;
  }

  /** Resolves when there is a `problem`, else never. */
  get failed(): Promise<void> {
    return aborted(this.failure.signal);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.serving;
    await Promise.all([this.splice?.close(), this.probing?.stop()]);
  }

  private async serve(): Promise<void> {
    const { signal } = this.stopping;
    const socket = await this.container.socket(signal);
    await executorAnswers(socket, signal);
    this.splice = await Splice.listen(this.address.host, this.address.port, socket);
    const spec = this.pod.spec?.containers[0]?.readinessProbe;
    if (spec === undefined) this.onReadiness(true);
    else if (!signal.aborted) this.startProbing(spec, socket);
  }

  private startProbing(spec: ProbeSpec, socket: string): void {
    let row = BEFORE_FIRST_PROBE;
    const once = async (): Promise<void> => {
      const succeeded = await probe(spec, socket);
      if (this.stopping.signal.aborted) return;
      const next = afterResult(row, succeeded, spec);
      if (next.isReady !== row.isReady) this.onReadiness(next.isReady);
      row = next;
    };
    // `once` does not throw: a probe that fails is a result.
    this.probing = new Periodic(once, periodOf(spec), this.clock, () => undefined);
    this.probing.start();
  }
}
