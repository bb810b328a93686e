import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { applicationLogger, HttpAdapter, ProblemFilter, RequestValidationPipe } from '@warmbox/http';
import { Shutdown } from '@warmbox/platform';
import { AppModule, type AppInput } from './app.module.js';
import { ManagerOptions } from './config/manager.options.js';
import { Metrics } from './config/metrics.js';
import { describeApi } from './docs/openapi.document.js';
import { OpenApiDocuments } from './docs/openapi.documents.js';
import { Authentication } from './http/authentication.js';
import { byPortHost } from './http/port.hosts.js';
import { guardRequests } from './http/request.guards.js';
import { traceRequests } from './http/request.tracing.js';
import { RequestTraffic } from './http/request.traffic.js';
import { Tracing } from './tracing/tracing.module.js';
import { VERSION } from './config/version.js';

/** The manager as an application, put together but not yet listening. */
export async function createApp(input: AppInput): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(input), httpAdapter(input.options), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  app.useLogger(applicationLogger(app));
  return configureApp(app);
}

/** How the manager speaks HTTP. */
export function httpAdapter({
  trustedProxies,
  portsDomain,
}: Pick<ManagerOptions, 'trustedProxies' | 'portsDomain'>): HttpAdapter {
  const eventsRoute = 'GET /api/{runtime}/{name}/executions/{id}/events';
  return new HttpAdapter({ trustedProxies, eventsRoute, rewrite: byPortHost(portsDomain) });
}

/** What stands around the modules: validation, problem documents, the guards of every request, the API's description. */
export function configureApp(app: NestFastifyApplication): NestFastifyApplication {
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  const fastify = app.getHttpAdapter().getInstance();
  traceRequests(fastify, app.get(Tracing));
  new RequestTraffic(app.get(Metrics).registry).of(fastify);
  guardRequests(fastify, app.get(ManagerOptions), app.get(Shutdown), app.get(Authentication));
  app.get(OpenApiDocuments).from(() => describeApi(app, VERSION));
  return app;
}
