import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { EXECUTE_BODY_MAX_BYTES } from '@warmbox/contracts';
import { guardShutdown, HttpAdapter, ProblemFilter, RequestValidationPipe } from '@warmbox/http';
import { Shutdown, systemClock } from '@warmbox/platform';
import type { FastifyInstance } from 'fastify';
import type { ExecutorOptions } from './config/executor.options.js';
import { ExecutionRegistry } from './execution/execution.registry.js';
import { ExecutorModule } from './executor.module.js';
import { guardByToken } from './http/token.guard.js';
import { JsonLogger } from './logging/json.logger.js';
import { TerminalRegistry } from './terminals/terminal.registry.js';

/** Bytes of bodies that are held at a time: they are its sandbox's memory. */
const BODY_BUDGET_BYTES = 2 * EXECUTE_BODY_MAX_BYTES;

export interface ExecutorApp {
  app: NestFastifyApplication;
  /** Ends every command and terminal, then the server; new requests are refused meanwhile. Takes about a second and a half at most. */
  stop: () => Promise<void>;
}

/** The executor as an application, put together but not yet listening. */
export async function createApp(options: Readonly<ExecutorOptions>): Promise<ExecutorApp> {
  const adapter = new HttpAdapter({
    bodyLimit: EXECUTE_BODY_MAX_BYTES,
    bodyBudget: BODY_BUDGET_BYTES,
    eventsRoute: 'GET /api/executions/{id}/events',
  });
  const app = await NestFactory.create<NestFastifyApplication>(ExecutorModule.with(options), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: new JsonLogger(options.logLevel),
  });
  app.useGlobalPipes(new RequestValidationPipe());
  app.useGlobalFilters(new ProblemFilter());
  const fastify = adapter.getInstance<FastifyInstance>();
  const shutdown = new Shutdown({ drainDelaySeconds: 0, shutdownGraceSeconds: 0 }, systemClock);
  guardShutdown(fastify, shutdown, () => false);
  if (options.auth === 'token' && options.token !== undefined) guardByToken(fastify, options.token);
  return {
    app,
    stop: async () => {
      // Not awaited: it would wait for clients that take nothing, but the sandbox is ending.
      void shutdown.run();
      app.get(TerminalRegistry).stop();
      await app.get(ExecutionRegistry).stop();
      await app.close();
    },
  };
}
