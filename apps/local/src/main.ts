import 'reflect-metadata';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OptionsError } from '@warmbox/platform/options';
import { StartError, stopOnSignals, systemClock } from '@warmbox/platform';
import { ConsoleLog } from './console.log.js';
import { greeting } from './greeting.js';
import { closeInheritedDescriptors } from './inherited.descriptors.js';
import { Launcher } from './launcher.js';
import { localOptions } from './local.options.js';
import { checkTemporaryFolder } from './temporary.folder.js';

/** The exit code for a configuration that cannot be used. */
const UNUSABLE = 2;

const dist = join(import.meta.dirname, '..');
const bundles = { manager: join(dist, 'manager', 'main.js'), executor: join(dist, 'executor', 'main.js') };
const tell = (text: string): unknown => process.stderr.write(text);

async function main(): Promise<void> {
  closeInheritedDescriptors();
  const options = localOptions(process.env);
  checkTemporaryFolder(tmpdir());
  const launcher = new Launcher(options, process.env, bundles, systemClock, new ConsoleLog(tell));
  stopOnSignals(process, {
    stop: () => {
      tell('\nStopping …\n');
      return launcher.stop();
    },
    hurry: () => launcher.hurry(),
    exit: (code) => process.exit(code),
    onError: (error) => tell(`The stop failed: ${messageOf(error)}\n`),
  });
  try {
    process.stdout.write(greeting(await launcher.start()));
    const code = await launcher.managerEnded();
    tell(`The manager has ended by itself (exit code ${code}); stopping.\n`);
    await launcher.stop();
    process.exit(code === 0 ? 1 : code);
  } catch (error) {
    if (launcher.isStopping) return;
    tell(`${messageOf(error)}\n`);
    await launcher.stop();
    process.exit(1);
  }
}

/** Whoever started it can change what a StartError says: no stack. */
function messageOf(error: unknown): string {
  if (error instanceof StartError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

await main().catch((error: unknown) => {
  tell(`${error instanceof OptionsError ? error.message : messageOf(error)}\n`);
  process.exit(error instanceof OptionsError ? UNUSABLE : 1);
});
