import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { WORKSPACE, type PodMount } from '../pod/pod.folder.js';
import type { ContainerSpec } from './isolation.js';
import { ownFiles, type OwnFile } from './own.files.js';
import { systemFiles, type SystemFiles } from './system.files.js';

/** Where the container finds what is ours. */
const BIN = '/warmbox/bin';
const APP = '/warmbox/app';
/**
 * The program once more, and a link to its first file: the names that an executor is started by. Guests see its command line and
 * its executable, and nothing that people end processes by (`pkill -f node`, `kill $(pidof node)`, which on many systems looks
 * at the executable) is to match it; by a link the executable would have the name that the link leads to.
 */
const NAMES = '/warmbox/as';
const PROGRAM_NAME = 'warmboxd';
const FILE_NAME = 'self';

export interface SandboxLayout extends SystemFiles {
  /** Files of its own, read-only. */
  own: OwnFile[];
  /** Folders to write to. */
  writable: PodMount[];
  argv: string[];
  environment: Record<string, string>;
}

/**
 * What a container with a file system of its own sees: the system read-only, its own writable folders, and the executor's
 * program and bundle under /warmbox.
 *
 * @param uid the user's id, as it is seen inside.
 */
export function layoutOf({ argv, environment, folder, hostname }: ContainerSpec, uid: number): SandboxLayout {
  const [command = '', ...rest] = argv;
  const { links, shown } = systemFiles();
  for (const target of [join(BIN, basename(command)), join(NAMES, PROGRAM_NAME)]) {
    shown.push({ source: realpathSync(command), target });
  }
  const inside = [join(NAMES, PROGRAM_NAME)];
  const files: string[] = [];
  for (const argument of rest) {
    // A program's own files come along, with what lies beside them (source maps).
    const isFile = isAbsolute(argument) && existsSync(argument);
    if (!isFile) {
      inside.push(argument);
      continue;
    }
    const folder = join(APP, String(inside.length));
    const file = join(folder, basename(argument));
    shown.push({ source: realpathSync(dirname(argument)), target: folder });
    inside.push(files.length === 0 ? join(NAMES, FILE_NAME) : file);
    files.push(file);
  }
  const [first] = files;
  if (first !== undefined) links.push({ target: join(NAMES, FILE_NAME), to: first });
  return {
    links,
    shown,
    own: ownFiles(hostname, uid, WORKSPACE),
    writable: [...folder.mounts],
    argv: [...INIT, ...inside],
    environment: {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${BIN}`,
      HOME: WORKSPACE,
      ...environment,
      [INIT_VARIABLE]: INIT_SCRIPT,
    },
  };
}

/**
 * Process 1 of a container: a shell, which reaps orphans (Node does not), passes SIGTERM on and ends with the exit code of
 * its child, 128 + n where signal n ended it. It lets go of the executor's socket (descriptor 3, where there is one). Its words
 * are in a variable: in its command line patterns would match them.
 */
const INIT_VARIABLE = 'EXECUTOR_INIT';
const INIT_SCRIPT =
  `unset ${INIT_VARIABLE}; child=; trap '[ -z "$child" ] || kill -15 "$child" 2>/dev/null' TERM; "$@" & child=$!; exec 3<&-; ` +
  'wait "$child"; code=$?; while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done; exit "$code"';
const INIT = ['/bin/sh', '-c', `eval "$${INIT_VARIABLE}"`, PROGRAM_NAME];
