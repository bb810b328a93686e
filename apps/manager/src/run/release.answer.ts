import { pipeline, type Readable } from 'node:stream';
import { isDropped } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { EventRelay } from '../execution/event.relay.js';
import type { Answer } from '../http/answer.js';
import { HeldEnd } from './held.end.js';
import type { RunningCommand, RunReleases } from './run.releases.js';

/** On what terms a sandbox goes. They say no more than that: an answer may take hours, and holds nothing else of its request. */
export interface ReleaseTerms extends RunningCommand {
  /** How long a client that has left is waited for, in milliseconds. */
  graceMs: number;
  /** The same for one that was cut off because the executor was lost. */
  lossGraceMs: number;
  /** Others may have sent the same request, and be reading. */
  isShared: boolean;
}

type Releases = Pick<RunReleases, 'release' | 'releaseUnused'>;

/** The same answer, with which the sandbox goes: its end waits until that is written. */
export function releasing(
  pod: Pod,
  { body, begins }: Answer,
  releases: Releases,
  terms: ReleaseTerms,
): Pick<Answer, 'body' | 'begins'> {
  if (body === undefined) throw new Error('An execution answers with a body.');
  const { graceMs, isShared } = terms;
  const held = new HeldEnd(() => release(pod, body, releases, terms));
  const pass = (): void => {
    pipeline(body, held, (error) => {
      if (error) void releases.releaseUnused(pod, terms, graceMs);
    });
  };
  if (begins === undefined) {
    pass();
    return { body: held };
  }
  const begun = begins.then(pass, async (error: unknown) => {
    if (isDropped(error) || isShared) void releases.releaseUnused(pod, terms, graceMs);
    else await releases.release(pod, 'discarded');
    throw error;
  });
  return { body: held, begins: begun };
}

/** The executor has sent its last; the client has all but the end. */
async function release(pod: Pod, body: Readable, releases: Releases, terms: ReleaseTerms): Promise<void> {
  const loss = body instanceof EventRelay ? body.loss : undefined;
  if (loss === undefined) {
    await (terms.isShared ? releases.releaseUnused(pod, terms, 0) : releases.release(pod, 'completed'));
    return;
  }
  // Its client is to resume through another manager, or it is gone.
  if (loss.code === 'shutting_down' || loss.code === 'sandbox_gone') return;
  void releases.releaseUnused(pod, terms, terms.lossGraceMs);
}
