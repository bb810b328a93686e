import { Module, type DynamicModule } from '@nestjs/common';
import { ByteRelay } from '../executors/byte.relay.js';
import { ExecutorsModule } from '../executors/executors.module.js';
import { SandboxFinder } from '../sandboxes/sandbox.finder.js';
import { SandboxStamper } from '../sandboxes/sandbox.stamper.js';
import { SandboxesModule } from '../sandboxes/sandboxes.module.js';
import type { ManagerOptions } from '../config/manager.options.js';
import { AbsolutePortsController } from './absolute.ports.controller.js';
import { PortGateway } from './port.gateway.js';
import { PortHostsController } from './port.hosts.controller.js';
import { PortsController } from './ports.controller.js';

/** Servers inside sandboxes, reached by HTTP and WebSocket. */
@Module({
  imports: [ExecutorsModule, SandboxesModule],
  providers: [
    {
      provide: PortGateway,
      useFactory: (finder: SandboxFinder, bytes: ByteRelay, stamper: SandboxStamper) =>
        new PortGateway(finder, bytes, stamper),
      inject: [SandboxFinder, ByteRelay, SandboxStamper],
    },
  ],
})
export class PortsModule {
  static of({ portsDomain }: Pick<ManagerOptions, 'portsDomain'>): DynamicModule {
    const byHost = portsDomain === '' ? [] : [PortHostsController];
    return { module: PortsModule, controllers: [PortsController, AbsolutePortsController, ...byHost] };
  }
}
