import { Module, type DynamicModule } from '@nestjs/common';
import { ExecutorOptions } from './executor.options.js';

@Module({})
export class ConfigModule {
  static with(options: Readonly<ExecutorOptions>): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: ExecutorOptions, useValue: options }],
      exports: [ExecutorOptions],
    };
  }
}
