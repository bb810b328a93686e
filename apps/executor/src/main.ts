import './process.title.js';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { OptionsError } from '@warmbox/platform/options';
import { stopOnSignals } from '@warmbox/platform';
import { executorOptions } from './config/executor.options.js';
import { createApp } from './create.app.js';
import { listen } from './http/listen.js';
import { ChildStarter } from './process/child.js';
import { exitCodeOf } from './process/exit.code.js';
import { limitProcess } from './process/process.limits.js';

/** The exit code for a configuration that cannot be used. */
const UNUSABLE = 2;

const logger = new Logger('Executor');

async function main(): Promise<void> {
  const options = executorOptions(process.env);
  const { app, stop } = await createApp(options);
  stopOnSignals(process, {
    stop,
    hurry: () => undefined,
    // A container that ends with 0 has "completed", and then Kubernetes does not say any more that its pod was evicted.
    exitCode: (signal) => exitCodeOf({ code: null, signal }, false),
    exit: (code) => process.exit(code),
    onError: (err) => logger.error({ err }, 'the stop failed'),
  });
  await limitProcess(options).catch((err: unknown) => logger.warn({ err }, 'the limits of commands cannot be set'));
  logger.log(`listening on ${await listen(app, options)}`);
  app.get(ChildStarter).prime();
}

function fail(error: unknown): never {
  if (error instanceof OptionsError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(UNUSABLE);
  }
  logger.fatal({ err: error }, 'the executor ends: an error that nobody handles');
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
void main().catch(fail);
