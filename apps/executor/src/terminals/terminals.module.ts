import { Module } from '@nestjs/common';
import { ActivityModule } from '../activity/activity.module.js';
import { EnvironmentModule } from '../environment/environment.module.js';
import { ExecutionModule } from '../execution/execution.module.js';
import { SystemModule } from '../system/system.module.js';
import { SYSTEM, type System } from '../system/system.js';
import { terminalStarter, type StartTerminalProcess } from './terminal.process.js';
import { TerminalRegistry } from './terminal.registry.js';
import { TerminalSockets } from './terminal.sockets.js';
import { START_TERMINAL_PROCESS } from './terminal.tokens.js';
import { TerminalsController } from './terminals.controller.js';

/** Terminals: programs that are typed to and draw, for who looks at them from outside. */
@Module({
  imports: [ActivityModule, EnvironmentModule, ExecutionModule, SystemModule],
  controllers: [TerminalsController],
  providers: [
    TerminalRegistry,
    TerminalSockets,
    {
      provide: START_TERMINAL_PROCESS,
      useFactory: (system: System | undefined): StartTerminalProcess | undefined =>
        system === undefined ? undefined : terminalStarter(system),
      inject: [SYSTEM],
    },
  ],
  exports: [TerminalRegistry],
})
export class TerminalsModule {}
