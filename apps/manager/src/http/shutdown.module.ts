import { Global, Module } from '@nestjs/common';
import { Shutdown, type Clock } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';

/** The one Shutdown of the process, for who streams and for the readiness probe. */
@Global()
@Module({
  providers: [
    {
      provide: Shutdown,
      inject: [ManagerOptions, CLOCK],
      useFactory: (options: ManagerOptions, clock: Clock) => new Shutdown(options, clock),
    },
  ],
  exports: [Shutdown],
})
export class ShutdownModule {}
