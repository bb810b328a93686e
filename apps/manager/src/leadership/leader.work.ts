import type { Logger } from '@nestjs/common';
import { reported, type LeaseTerm } from '@warmbox/kube';
import { Backoff, type Clock, pause } from '@warmbox/platform';
import type { LeaderTask } from './leader.task.js';

/** Pauses before a leader's task that has ended is begun again, in milliseconds. */
const AGAIN = { initialMs: 100, maxMs: 5_000 };

/** One that went well for so long, in milliseconds, has not failed again but anew: the pauses begin with the shortest. */
const SOUND_MS = 60_000;

export interface LeaderWork {
  clock: Clock;
  logger: Pick<Logger, 'error'>;
  /** Where the tasks work. */
  namespace: string;
}

/** Does a task for as long as the term goes on: whenever it ends or fails it is begun again. Never rejects. */
export async function keepAt(task: LeaderTask, term: LeaseTerm, work: LeaderWork): Promise<void> {
  const { clock } = work;
  const backoff = new Backoff(AGAIN);
  while (!term.signal.aborted) {
    const beganAt = clock.monotonic();
    await attempt(task, term, work);
    if (clock.monotonic() - beganAt >= SOUND_MS) backoff.reset();
    await pause(clock, backoff.next(), term.signal);
  }
}

async function attempt(task: LeaderTask, term: LeaseTerm, { logger, namespace }: LeaderWork): Promise<void> {
  try {
    await task.lead(term);
  } catch (error) {
    if (term.signal.aborted) return;
    const [context, message] = reported(error, 'a task of the leader failed; beginning again', namespace);
    logger.error({ ...context, task: task.name }, message);
  }
}
