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
  const links = system.filter((path) => lstatSync(path).isSymbolicLink());
  const shown: PodMount[] = [
    ...system.filter((path) => !links.includes(path)).map((path) => ({ source: path, target: path })),
    ...ETC.map((name) => join('/etc', name))
      .filter((path) => existsSync(path))
      .map((path) => ({ source: realpathSync(path), target: path })),
    { source: realpathSync(command), target: join(BIN, basename(command)) },
  ];
  const inside = [join(BIN, basename(command))];
  for (const argument of rest) {
    // A program's own files come along, with what lies beside them (source maps).
    const isFile = isAbsolute(argument) && existsSync(argument);
    if (isFile) shown.push({ source: realpathSync(dirname(argument)), target: join(APP, String(inside.length)) });
    inside.push(isFile ? join(APP, String(inside.length), basename(argument)) : argument);
  }
  return {
    links: links.map((target) => ({ target, to: readlinkSync(target) })),
    shown,
    writable: [...folder.mounts],
    argv: [...INIT, ...inside],
    environment: {
      PATH: `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${BIN}`,
      ...environment,
    },
  };
}

/**
 * Process 1 of a container: a shell, which reaps orphans (Node does not), passes SIGTERM on and ends with the exit code of
 * its child, 128 + n where signal n ended it. It lets go of the executor's socket (descriptor 3, where there is one).
 */
const INIT = [
  '/bin/sh',
  '-c',
  'child=; trap \'[ -z "$child" ] || kill -15 "$child" 2>/dev/null\' TERM; "$@" & child=$!; exec 3<&-; wait "$child"; code=$?; ' +
    'while kill -0 "$child" 2>/dev/null; do wait "$child"; code=$?; done; exit "$code"',
  'init',
];
