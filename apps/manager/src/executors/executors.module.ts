import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { Shutdown, type Clock } from '@warmbox/platform';
import { Agent } from 'undici';
import { CLOCK } from '../kube/kube.module.js';
import { Obituary } from '../tombstones/obituary.js';
import { TombstonesModule } from '../tombstones/tombstones.module.js';
import { ByteRelay } from './byte.relay.js';
import { ExecutorClient } from './executor.client.js';
import { ExecutorConnections } from './executor.connections.js';
import { ExecutorProbe } from './executor.probe.js';
import { Metrics } from '../config/metrics.js';
import { OpenStreams } from './open.streams.js';
import { SandboxVigil } from './sandbox.vigil.js';
import { spliceMetrics } from './splice.metrics.js';

/** No connection of a probe is kept: each goes to a pod that is new. */
const PROBES = new Agent({ keepAliveTimeout: 1, connect: { timeout: 3_000 } });

/** The way to the executors of sandboxes: requests, answers that end with their sandbox, probes of new ones. */
@Module({
  imports: [TombstonesModule],
  providers: [
    { provide: ExecutorConnections, useFactory: () => new ExecutorConnections() },
    {
      provide: ExecutorClient,
      useFactory: (connections: ExecutorConnections, store: PodStore, obituary: Obituary, clock: Clock) =>
        new ExecutorClient(connections, store, new SandboxVigil(store, connections, clock), obituary, clock),
      inject: [ExecutorConnections, PodStore, Obituary, CLOCK],
    },
    {
      provide: OpenStreams,
      useFactory: (store: PodStore, shutdown: Shutdown, obituary: Obituary, clock: Clock) =>
        new OpenStreams(store, shutdown.signal, (pod) => obituary.of(pod), clock),
      inject: [PodStore, Shutdown, Obituary, CLOCK],
    },
    {
      provide: ByteRelay,
      useFactory: (client: ExecutorClient, streams: OpenStreams, clock: Clock, { registry }: Metrics) => {
        const relay = new ByteRelay(client, streams, clock);
        spliceMetrics(registry, relay);
        return relay;
      },
      inject: [ExecutorClient, OpenStreams, CLOCK, Metrics],
    },
    { provide: ExecutorProbe, useFactory: (clock: Clock) => new ExecutorProbe(PROBES, clock), inject: [CLOCK] },
  ],
  exports: [ByteRelay, ExecutorClient, ExecutorProbe, OpenStreams],
})
export class ExecutorsModule implements OnApplicationShutdown {
  constructor(
    private readonly streams: OpenStreams,
    private readonly connections: ExecutorConnections,
  ) {}

  /** Nest ends those who import this module before it: what they have to tell executors is told by now. */
  async onApplicationShutdown(): Promise<void> {
    this.streams.stop();
    // A probe under way has nobody left to tell; to close would wait for its answer.
    await Promise.all([this.connections.close(), PROBES.destroy()]);
  }
}
