import './v8.flags.js';
import 'reflect-metadata';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { PodStore } from '@warmbox/kube';
import { OptionsError } from '@warmbox/platform/options';
import { Shutdown, StartError, stopOnSignals, systemClock } from '@warmbox/platform';
import { readEnvironment } from './config/environment.js';
import { loadManagerOptions, soundOptions, type LoadedOptions } from './config/load.options.js';
import type { ManagerOptions } from './config/manager.options.js';
import { printedOptions } from './config/print.options.js';
import { createApp } from './create.app.js';
import { connect } from './kube/connect.js';
import { Leadership } from './leadership/leadership.js';
import { SandboxQuota } from './limit/sandbox.quota.js';

/** The exit code for a configuration that cannot be used. */
const UNUSABLE = 2;

/**
 * Time that the start gives the first list of pods, and a first manager the quota without which it creates nothing, in
 * milliseconds; then it listens without: liveness must not need them.
 */
const FIRST_SYNC_MS = 5_000;

/**
 * How long the parts of the application have to end once nothing is served any more, in milliseconds: each bounds its own end, and
 * one that hangs all the same must not outlast the pod's grace.
 */
const CLOSE_MS = 8_000;

const logger = new Logger('Manager');

async function main(): Promise<void> {
  const environment = readEnvironment();
  const loaded = loadManagerOptions(environment.options);
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
  const known = Promise.all([app.get(PodStore).synced, app.get(SandboxQuota).inForce]);
  await Promise.race([known, systemClock.sleep(FIRST_SYNC_MS)]);
  await listen(app, options);
  clearInterval(starting);
  // Not app.getUrl(), which names 127.0.0.1 for every address.
  const { address, port } = app.getHttpServer().address() as AddressInfo;
  logger.log(`listening on http://${address.includes(':') ? `[${address}]` : address}:${port}`);
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
  await app.get(Shutdown).run((phase) => {
    logger.log(`shutting down: ${phase}`);
    // Another manager leads while this one still serves: the pool does not wait for a drain.
    if (phase === 'draining') void app.get(Leadership).stop();
  });
  const closed = app.close().then(() => true);
  const isClosed = await Promise.race([closed, systemClock.sleep(CLOSE_MS).then(() => false)]);
  if (isClosed) logger.log('stopped');
  else logger.error(`not everything has ended within ${CLOSE_MS / 1000} seconds: ending all the same`);
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
