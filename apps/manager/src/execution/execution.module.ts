import { Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Clock } from '@warmbox/platform';
import { ByteRelay } from '../executors/byte.relay.js';
import { Metrics } from '../config/metrics.js';
import { ExecutorClient } from '../executors/executor.client.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { OpenStreams } from '../executors/open.streams.js';
import { CLOCK } from '../kube/kube.module.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { ExecutionAttacher } from './execution.attacher.js';
import { ExecutionController } from './execution.controller.js';
import { ExecutionGateway } from './execution.gateway.js';
import { InputController } from './input.controller.js';
import { OutputController } from './output.controller.js';
import { ExecutionMetrics } from './execution.metrics.js';
import { DisconnectNotice } from './disconnect.notice.js';

/** How long the last notices have when the server is closed, in milliseconds. */
const LAST_NOTICES_MS = 1_000;

/** Commands in sandboxes: what clients ask is passed to the executor of the sandbox, and its answer to them. */
@Module({
  imports: [ExecutorsModule, SandboxesModule],
  controllers: [ExecutionController, InputController, OutputController],
  providers: [
    {
      provide: DisconnectNotice,
      useFactory: (client: ExecutorClient, clock: Clock) => new DisconnectNotice(client, clock),
      inject: [ExecutorClient, CLOCK],
    },
    {
      provide: ExecutionAttacher,
      useFactory: (
        client: ExecutorClient,
        streams: OpenStreams,
        notice: DisconnectNotice,
        clock: Clock,
        { registry }: Metrics,
      ) => new ExecutionAttacher(client, streams, notice, clock, new ExecutionMetrics(registry)),
      inject: [ExecutorClient, OpenStreams, DisconnectNotice, CLOCK, Metrics],
    },
    {
      provide: ExecutionGateway,
      useFactory: (
        finder: SandboxFinder,
        client: ExecutorClient,
        attacher: ExecutionAttacher,
        stamper: SandboxStamper,
        bytes: ByteRelay,
      ) => new ExecutionGateway(finder, client, attacher, stamper, bytes),
      inject: [SandboxFinder, ExecutorClient, ExecutionAttacher, SandboxStamper, ByteRelay],
    },
  ],
  exports: [ExecutionAttacher],
})
export class ExecutionModule implements OnApplicationShutdown {
  constructor(private readonly notice: DisconnectNotice) {}

  /** The server is closed: executors still hear of clients that left until then. */
  async onApplicationShutdown(): Promise<void> {
    await this.notice.stop(LAST_NOTICES_MS);
  }
}
