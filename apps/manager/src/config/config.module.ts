import { Module, type DynamicModule } from '@nestjs/common';
import { ManagerOptions } from './manager.options.js';

/** Makes the validated, frozen options injectable everywhere. */
@Module({})
export class ConfigModule {
  static of(options: ManagerOptions): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: ManagerOptions, useValue: options }],
      exports: [ManagerOptions],
    };
  }
}
