import { Module } from '@nestjs/common';
import { ByteRelay } from '../executors/byte.relay.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import { TerminalGateway } from './terminal.gateway.js';
import { TerminalsController } from './terminals.controller.js';

/** Terminals in sandboxes, reached by WebSocket. */
@Module({
  imports: [ExecutorsModule, SandboxesModule],
  controllers: [TerminalsController],
  providers: [
    {
      provide: TerminalGateway,
      useFactory: (finder: SandboxFinder, bytes: ByteRelay, stamper: SandboxStamper) =>
        new TerminalGateway(finder, bytes, stamper),
      inject: [SandboxFinder, ByteRelay, SandboxStamper],
    },
  ],
})
export class TerminalsModule {}
