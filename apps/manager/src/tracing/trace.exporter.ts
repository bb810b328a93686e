import { hostname } from 'node:os';
import { Logger } from '@nestjs/common';
import { context, ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TraceState } from '@opentelemetry/core';
import { OTLPExporterBase } from '@opentelemetry/otlp-exporter-base';
import { createOtlpHttpExportDelegate, httpAgentFactoryFromOptions } from '@opentelemetry/otlp-exporter-base/node-http';
import { ProtobufTraceSerializer, TraceExporterMetricsHelper } from '@opentelemetry/otlp-transformer';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { systemClock, type TraceContext } from '@warmbox/platform';
import { keyValuesOf } from '../config/key.values.js';
import type { ManagerOptions } from '../config/manager.options.js';
import { VERSION } from '../config/version.js';
import type { TracingMetrics } from './tracing.metrics.js';
import { samplerOf } from './span.sampler.js';
import { SpanQueue } from './span.queue.js';

/** How long the last spans have to reach the collector when this process ends, in milliseconds. */
const LAST_SPANS_MS = 3_000;

/**
 * Makes spans from here on, and sends them to the collector. It is loaded only where tracing is configured. Everything comes from the
 * validated options: the library's ready-made exporter would read variables of its own.
 *
 * @returns ends it: sends what is left, within 3 s.
 */
export function startTracing(options: ManagerOptions, metrics: TracingMetrics): () => Promise<void> {
  const logger = new Logger('Tracing');
  const url = urlOf(options);
  const queue = new SpanQueue({
    exporter: exporterOf(url, options),
    gatherMs: options.otelBspScheduleDelay,
    onOutcome: (outcome, count) => metrics.spans.inc({ outcome }, count),
    onFailure: (error) =>
      logger.warn({ url, err: error }, 'the collector takes no spans: they are lost until it does, and counted'),
    onRecovery: () => logger.log({ url }, 'the collector takes spans again'),
  });
  const provider = new TracerProvider({
    resource: resourceOf(options),
    sampler: samplerOf(options.otelTracesSampler, options.otelTracesSamplerArg),
    spanProcessors: [queue],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  return async () => {
    const flushed = provider.shutdown().catch(() => undefined);
    await Promise.race([flushed, systemClock.sleep(LAST_SPANS_MS)]);
    trace.disable();
    context.disable();
  };
}

function urlOf({ otelExporterOtlpEndpoint, otelExporterOtlpTracesEndpoint }: ManagerOptions): string {
  return otelExporterOtlpTracesEndpoint || `${otelExporterOtlpEndpoint.replace(/\/$/, '')}/v1/traces`;
}

function exporterOf(url: string, options: ManagerOptions): OTLPExporterBase<ReadableSpan[]> {
  const headers = keyValuesOf(options.otelExporterOtlpHeaders);
  const settings = {
    url,
    headers: () => Promise.resolve({ ...headers, 'Content-Type': 'application/x-protobuf' }),
    timeoutMillis: options.otelExporterOtlpTimeout,
    concurrencyLimit: 8,
    compression: 'none',
    agentFactory: httpAgentFactoryFromOptions({ keepAlive: true }),
  } as const;
  const kind = 'otlp_http_span_exporter';
  return new OTLPExporterBase(
    createOtlpHttpExportDelegate(settings, ProtobufTraceSerializer, kind, TraceExporterMetricsHelper, undefined),
  );
}

/** What the spans are of; OTEL_RESOURCE_ATTRIBUTES may say otherwise of all but the service's name. */
function resourceOf({ otelServiceName, otelResourceAttributes }: ManagerOptions): ReturnType<typeof defaultResource> {
  return defaultResource().merge(
    resourceFromAttributes({
      'service.version': VERSION,
      'service.instance.id': hostname(),
      ...keyValuesOf(otelResourceAttributes),
      'service.name': otelServiceName,
    }),
  );
}

/** What is a part of a client's trace. */
export function within({ traceparent, tracestate }: TraceContext): Context {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16),
    traceState: tracestate === undefined ? undefined : new TraceState(tracestate),
    isRemote: true,
  });
}
