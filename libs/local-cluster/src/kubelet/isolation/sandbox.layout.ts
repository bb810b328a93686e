import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type { PodMount } from '../pod/pod.folder.js';
import type { ContainerSpec } from './isolation.js';

/** Folders of the system that make up a container's read-only root. People's homes, /root, /var and /run are not there. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/opt', '/nix/store'];

/** What of /etc tools need; the rest may be secret where the invoking user is root. */
const ETC = [
  'alternatives',
  'bash.bashrc',
  'group',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'passwd',
  'pki/ca-trust/extracted',
  'pki/tls/certs',
  'profile',
  'profile.d',
  'ssl/certs',
  'ssl/openssl.cnf',
];

/** Where the container finds what is ours. */
const BIN = '/warmbox/bin';
const APP = '/warmbox/app';
/**
 * Links to the program and to its first file: the names that an executor is started by. Guests see its command line, and no
 * pattern that people end processes by (`pkill -f node`, `main.js`, `server`) is to match it.
 */
const NAMES = '/warmbox/as';
const PROGRAM_NAME = 'warmboxd';
const FILE_NAME = 'self';

export interface SandboxLayout {
  /** Links of the root (/bin → usr/bin). */
  links: { target: string; to: string }[];
  /** Folders and files to see, read-only. */
  shown: PodMount[];
  /** Folders to write to. */
  writable: PodMount[];
  argv: string[];
  environment: Record<string, string>;
}

/**
 * What a container with a file system of its own sees: the system read-only, its own writable folders, and the executor's
 * program and bundle under /warmbox.
 */
export function layoutOf({ argv, environment, folder }: ContainerSpec): SandboxLayout {
  const [command = '', ...rest] = argv;
  const system = SYSTEM.filter((path) => existsSync(path));
  const systemLinks = system.filter((path) => lstatSync(path).isSymbolicLink());
  const shown: PodMount[] = [
    ...system.filter((path) => !systemLinks.includes(path)).map((path) => ({ source: path, target: path })),
    ...ETC.map((name) => join('/etc', name))
      .filter((path) => existsSync(path))
      .map((path) => ({ source: realpathSync(path), target: path })),
    { source: realpathSync(command), target: join(BIN, basename(command)) },
  ];
  const links = systemLinks.map((target) => ({ target, to: readlinkSync(target) }));
  links.push({ target: join(NAMES, PROGRAM_NAME), to: join(BIN, basename(command)) });
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
    writable: [...folder.mounts],
    argv: [...INIT, ...inside],
    environment: {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${BIN}`,
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
