import { Counter, Histogram, type Registry } from 'prom-client';

/**
 * How an execution ended, as its manager saw it. `refused`: it was not begun, for a reason that is not the command's. `left`: its client
 * left before its end, which comes after its grace. `detached`: it was begun, and nobody follows it here.
 */
export const EXECUTION_OUTCOMES = [
  'completed',
  'timed_out',
  'cancelled',
  'failed_to_start',
  'refused',
  'lost',
  'left',
  'detached',
] as const;
export type ExecutionOutcome = (typeof EXECUTION_OUTCOMES)[number];

/** Seconds: the shortest command takes a few milliseconds, the longest a day. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 86_400];
/** Seconds: what a command itself takes to say something is in them. */
const FIRST_BYTES = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** What this manager measures of executions that are begun through it. */
export class ExecutionMetrics {
  readonly ended: Counter<'outcome'>;
  readonly seconds: Histogram<'outcome'>;
  readonly firstByte: Histogram;

  constructor(registry: Registry) {
    const registers = [registry];
    this.ended = new Counter({
      name: 'warmbox_executions_total',
      help: 'Executions begun through this manager, by how they ended for it.',
      labelNames: ['outcome'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'warmbox_execution_seconds',
      help: 'How long executions took that ran to their end, from the request to the result.',
      labelNames: ['outcome'],
      buckets: DURATIONS,
      registers,
    });
    this.firstByte = new Histogram({
      name: 'warmbox_execution_first_byte_seconds',
      help: 'From the request of an execution to the first event of its stream.',
      buckets: FIRST_BYTES,
      registers,
    });
    // A rate counts nothing of a series that begins with its first event.
    for (const outcome of EXECUTION_OUTCOMES) this.ended.inc({ outcome }, 0);
    for (const outcome of ['completed', 'timed_out', 'cancelled']) this.seconds.zero({ outcome });
  }
}
