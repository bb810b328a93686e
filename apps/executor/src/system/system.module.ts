import { Inject, Logger, Module, type OnModuleDestroy } from '@nestjs/common';
import { ExecutorOptions } from '../config/executor.options.js';
import { openSystem, SYSTEM, type System } from './system.js';

const logger = new Logger('System');

/** The system's own calls, chosen once, when the executor starts. */
@Module({
  providers: [{ provide: SYSTEM, useFactory: choose, inject: [ExecutorOptions] }],
  exports: [SYSTEM],
})
export class SystemModule implements OnModuleDestroy {
  constructor(@Inject(SYSTEM) private readonly system: System | undefined) {}

  onModuleDestroy(): void {
    this.system?.exits.close();
  }
}

function choose({ nativeCalls }: ExecutorOptions): System | undefined {
  if (!nativeCalls) {
    logger.log('commands are started by Node, as EXECUTOR_NATIVE_CALLS says');
    return undefined;
  }
  // Node itself does not fork there.
  if (process.platform !== 'linux') {
    logger.log(`commands are started by Node: the platform is ${process.platform}`);
    return undefined;
  }
  try {
    const system = openSystem();
    logger.log('commands are started by posix_spawn');
    return system;
  } catch (err) {
    logger.warn({ err }, 'commands are started by Node, by fork: the system cannot be called directly');
    return undefined;
  }
}
