import './young.generation.js';
import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PodStore } from '@warmbox/kube';
import { OptionsError, Shutdown, StartError, stopOnSignals, systemClock } from '@warmbox/platform';
import { readEnvironment } from './config/environment.js';
import { loadOptions, soundOptions, type LoadedOptions } from './config/load.options.js';
import type { ManagerOptions } from './config/manager.options.js';
import { printedOptions } from './config/print.options.js';
import { createApp } from './create.app.js';
import { connect } from './kube/connect.js';

/** The exit code for a configuration that cannot be used. */
const UNUSABLE = 2;

/** Time that the start gives the first list of pods, in milliseconds; then it listens without: liveness must not need it. */
const FIRST_SYNC_MS = 5_000;

const logger = new Logger('Manager');

async function main(): Promise<void> {
  const environment = readEnvironment();
  const loaded = loadOptions(environment.options);
  if (process.argv.includes('--print-options')) {
    print(loaded);
    return;
  }
  const options = soundOptions(loaded);
  const connection = await connect();
  // Until it listens nothing else keeps the process alive: our timers do not, and an API server that is away has no socket.
  const starting = setInterval(() => undefined, 60_000);
  const app = await createApp({ options, connection, prettyLog: environment.prettyLog });
  for (const warning of loaded.warnings) logger.warn(warning);
  stopOnSignals(process, {
    stop: () => stop(app),
    hurry: () => app.get(Shutdown).hurry(),
    exit: (code) => process.exit(code),
    onError: (error) => logger.error({ err: error }, 'the stop failed'),
  });
  await app.init();
  await Promise.race([app.get(PodStore).synced, systemClock.sleep(FIRST_SYNC_MS)]);
  await listen(app, options);
  clearInterval(starting);
  logger.log(`listening on ${await app.getUrl()}`);
}

/** @throws StartError where the address cannot be had */
async function listen(app: NestFastifyApplication, { host, port }: ManagerOptions): Promise<void> {
  try {
    await app.listen(port, host.replace(/^\[(.*)\]$/, '$1'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(`The manager cannot listen on ${host}, port ${port}: ${why}`);
  }
}

function print(loaded: LoadedOptions): void {
  process.stdout.write(printedOptions(loaded));
  for (const warning of loaded.warnings) process.stderr.write(`${warning}\n`);
  soundOptions(loaded);
}

async function stop(app: NestFastifyApplication): Promise<void> {
  await app.get(Shutdown).run((phase) => logger.log(`shutting down: ${phase}`));
  await app.close();
  logger.log('stopped');
}

/** Whoever started it can change what is wrong: the message alone, without a stack. */
function fail(error: unknown): never {
  if (error instanceof OptionsError || error instanceof StartError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(UNUSABLE);
  }
  logger.fatal({ err: error }, 'the manager ends: an error that nobody handles');
  process.exit(1);
}

process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
await main().catch(fail);
