import { readFileSync } from 'node:fs';
import { StartError } from '@warmbox/platform';
import { readConfigFile, textOf, type ConfigFile } from './config.file.js';
import type { OptionInput } from './load.options.js';

/** The process's environment, as far as it concerns the manager; the one file that reads it. */
export interface Environment {
  options: OptionInput;
  /** Whether people read the log as it is written. */
  prettyLog: boolean;
}

/** @throws StartError where the configuration file cannot be read */
export function readEnvironment(): Environment {
  const variables = process.env;
  return {
    options: {
      variables,
      inCluster: (variables.KUBERNETES_SERVICE_HOST ?? '') !== '',
      file: fileAt(variables.CONFIG_FILE),
    },
    prettyLog: process.stdout.isTTY && variables.NODE_ENV !== 'production',
  };
}

function fileAt(path: string | undefined): (ConfigFile & { path: string }) | undefined {
  if (path === undefined || path === '') return undefined;
  let text: string;
  try {
    text = textOf(readFileSync(path));
  } catch (error) {
    throw new StartError(`CONFIG_FILE cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { ...readConfigFile(text, path), path };
}
