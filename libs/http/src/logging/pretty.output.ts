import type { DestinationStream } from 'pino';
import { prettyFactory } from 'pino-pretty';

interface Flushed {
  /** pino asks for it after a fatal line. */
  flushSync: () => void;
}

/**
 * Lines for people, into an output. pino-pretty's own stream writes synchronously to a file of its own: a terminal that is stopped (Ctrl-S)
 * would stop the whole process, and after one write that failed there would be no log any more.
 */
export function prettyOutput(output: DestinationStream & Partial<Flushed>): DestinationStream & Flushed {
  const format = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' });
  return { write: (line) => output.write(format(line)), flushSync: () => output.flushSync?.() };
}
