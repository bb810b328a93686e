import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import type { KubeConnection } from '@warmbox/kube';
import { AllocationModule } from './allocation/allocation.module.js';
import { CleanupModule } from './cleanup/cleanup.module.js';
import { ConfigModule } from './config/config.module.js';
import type { ManagerOptions } from './config/manager.options.js';
import { warmPoolSizesOf } from './config/warm.pool.sizes.js';
import { CreationModule } from './creation/creation.module.js';
import { DocsModule } from './docs/docs.module.js';
import { ExecutionModule } from './execution/execution.module.js';
import { FilesModule } from './files/files.module.js';
import { HealthModule } from './health/health.module.js';
import { AuthenticationModule } from './http/authentication.module.js';
import { ShutdownModule } from './http/shutdown.module.js';
import { KubeModule } from './kube/kube.module.js';
import { LeadershipModule } from './leadership/leadership.module.js';
import { managerLogging } from './http/manager.logging.js';
import { MetricsModule } from './config/metrics.module.js';
import { PoolModule } from './pool/pool.module.js';
import { PortsModule } from './ports/ports.module.js';
import { RunModule } from './run/run.module.js';
import { SandboxesModule } from './sandboxes/sandboxes.module.js';
import { TerminalsModule } from './terminals/terminals.module.js';
import { TracingModule } from './tracing/tracing.module.js';

export interface AppInput {
  options: ManagerOptions;
  connection: KubeConnection;
  /** Log lines for people instead of JSON. */
  prettyLog: boolean;
}

/** The manager. KubeModule comes first: its store is what the others ask from their first moment on. */
@Module({})
export class AppModule {
  static of({ options, connection, prettyLog }: AppInput): DynamicModule {
    return {
      module: AppModule,
      imports: [
        managerLogging(options.logLevel, prettyLog),
        ConfigModule.of(options),
        KubeModule.of(connection),
        MetricsModule,
        TracingModule,
        ScheduleModule.forRoot(),
        LeadershipModule.of(options),
        ShutdownModule,
        AuthenticationModule,
        HealthModule,
        DocsModule,
        CreationModule,
        PoolModule.of({ ...options, warmPoolSizes: warmPoolSizesOf(options) }),
        SandboxesModule,
        ExecutionModule,
        FilesModule,
        RunModule,
        PortsModule.of(options),
        TerminalsModule,
        AllocationModule,
        CleanupModule,
      ],
    };
  }
}
