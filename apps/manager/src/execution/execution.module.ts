import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { PodStore } from '@warmbox/kube';
import { Shutdown, type Clock } from '@warmbox/platform';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { Obituary } from '../tombstones/obituary.js';
import { TombstonesModule } from '../tombstones/tombstones.module.js';
import { ExecutionAttacher } from './execution.attacher.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionGateway } from './execution.gateway.js';
import { ExecutorClient } from './executor.client.js';
import { ExecutorConnections } from './executor.connections.js';
import { LeaveNotice } from './leave.notice.js';
import { OpenStreams } from './open.streams.js';
import { SandboxVigil } from './sandbox.vigil.js';

/** How long the last notices have when the server is closed, in milliseconds. */
const LAST_NOTICES_MS = 1_000;

/** Commands in sandboxes: what clients ask is passed to the executor of the sandbox, and its answer to them. */
@Module({
  imports: [SandboxesModule, TombstonesModule],
  controllers: [ExecutionController],
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
      provide: LeaveNotice,
      useFactory: (client: ExecutorClient, clock: Clock) => new LeaveNotice(client, clock),
      inject: [ExecutorClient, CLOCK],
    },
    {
      provide: ExecutionAttacher,
      useFactory: (client: ExecutorClient, streams: OpenStreams, notice: LeaveNotice, clock: Clock) =>
        new ExecutionAttacher(client, streams, notice, clock),
      inject: [ExecutorClient, OpenStreams, LeaveNotice, CLOCK],
    },
    {
      provide: ExecutionGateway,
      useFactory: (
        finder: SandboxFinder,
        client: ExecutorClient,
        attacher: ExecutionAttacher,
        stamper: SandboxStamper,
      ) => new ExecutionGateway(finder, client, attacher, stamper),
      inject: [SandboxFinder, ExecutorClient, ExecutionAttacher, SandboxStamper],
    },
  ],
  exports: [ExecutorClient],
})
export class ExecutionModule implements OnApplicationShutdown {
  constructor(
    private readonly streams: OpenStreams,
    private readonly notice: LeaveNotice,
    private readonly connections: ExecutorConnections,
  ) {}

  /** The server is closed: executors still hear of clients that left until then. */
  async onApplicationShutdown(): Promise<void> {
    this.streams.stop();
    await this.notice.stop(LAST_NOTICES_MS);
    await this.connections.close();
  }
}
