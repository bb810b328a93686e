import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ROOT_CONTEXT, type Context } from '@opentelemetry/api';
import type { TraceContext } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { Metrics } from '../config/metrics.js';
import { TracingMetrics } from './tracing.metrics.js';

/** Whether spans are made and sent. */
export class Tracing {
  constructor(
    readonly isOn: boolean,
    /** What is a part of a client's trace, for who makes spans there. */
    readonly within: (known: TraceContext) => Context,
    readonly stop: () => Promise<void>,
  ) {}

  /** Loads what makes spans only where the options say where they go: a manager without pays neither time nor memory for it. */
  static async of(options: ManagerOptions, { registry }: Metrics): Promise<Tracing> {
    const metrics = new TracingMetrics(registry);
    if (options.otelExporterOtlpEndpoint === '' && options.otelExporterOtlpTracesEndpoint === '') {
      return new Tracing(
        false,
        () => ROOT_CONTEXT,
        () => Promise.resolve(),
      );
    }
    const { startTracing, within } = await import('./trace.exporter.js');
    return new Tracing(true, within, startTracing(options, metrics));
  }
}

/** Traces of what requests cause. */
@Global()
@Module({
  providers: [
    {
      provide: Tracing,
      inject: [ManagerOptions, Metrics],
      useFactory: (options: ManagerOptions, metrics: Metrics) => Tracing.of(options, metrics),
    },
  ],
  exports: [Tracing],
})
export class TracingModule implements OnApplicationShutdown {
  constructor(private readonly tracing: Tracing) {}

  /** The server is closed by now, and its requests' spans have ended. */
  onApplicationShutdown(): Promise<void> {
    return this.tracing.stop();
  }
}
