import { Module, type DynamicModule } from '@nestjs/common';
import type { KubeConnection } from '@warmbox/kube';
import { ConfigModule } from './config/config.module.js';
import type { ManagerOptions } from './config/manager.options.js';
import { DocsModule } from './docs/docs.module.js';
import { ExecutionModule } from './execution/execution.module.js';
import { HealthModule } from './health/health.module.js';
import { ShutdownModule } from './http/shutdown.module.js';
import { KubeModule } from './kube/kube.module.js';
import { managerLogging } from './logging/manager.logging.js';
import { SandboxesModule } from './sandboxes/sandboxes.module.js';

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
        ShutdownModule,
        HealthModule,
        DocsModule,
        SandboxesModule,
        ExecutionModule,
      ],
    };
  }
}
