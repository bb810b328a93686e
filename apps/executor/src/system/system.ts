import { Descriptors } from './descriptors.js';
import { loadLibc, type Libc } from './libc.js';
import { PosixSpawn } from './posix.spawn.js';
import { ProcessExits } from './process.exits.js';
import { ProcessSignals } from './process.signals.js';

/** Where the system's own calls are injected: a System, or undefined where there is none. */
export const SYSTEM = Symbol('System');

/** What the executor asks of the system itself, where Node has no way to. */
export interface System {
  libc: Libc;
  spawn: PosixSpawn;
  exits: ProcessExits;
  signals: ProcessSignals;
  descriptors: Descriptors;
}

/** @throws where this machine has no addon for it, no glibc, or one that lacks a function. */
export function openSystem(): System {
  const libc = loadLibc();
  return {
    libc,
    spawn: new PosixSpawn(libc),
    exits: new ProcessExits(libc),
    signals: new ProcessSignals(libc),
    descriptors: new Descriptors(libc),
  };
}
