import type { Readable } from 'node:stream';
import { ProblemError, type Clock, type Timer } from '@warmbox/platform';
import type { HeldBytes } from './body.budget.js';

/** A body may take this long whatever its size, in milliseconds; then it must have come at PACE on average. */
const GRACE_MS = 10_000;

/** Bytes a second that a body must come with at least: one that is announced and does not come must not hold its room. */
const PACE = 16 * 1024;

export interface Reading {
  /** Bytes that the body may have. */
  limit: number;
  /** Bytes that it is said to have; undefined where nothing is said. Those are held already. */
  announced: number | undefined;
  held: HeldBytes;
  clock: Clock;
}

/**
 * All of a body.
 *
 * @throws ProblemError too_large, overloaded (where it says nothing of its size, and there is no more room), invalid_request (where it
 *   does not come, or breaks off); what is left of it then is for the caller to drop
 */
export function readBody(payload: Readable, reading: Reading): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const { limit, announced, held, clock } = reading;
    const chunks: Buffer[] = [];
    const beganAt = clock.monotonic();
    let size = 0;
    let timer: Timer;
    const end = (): void => {
      timer.cancel();
      payload.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
    };
    const refuse = (problem: ProblemError): void => {
      end();
      // The connection may still break, which is nobody's error any more.
      payload.on('error', () => undefined);
      reject(problem);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) refuse(tooLarge(limit));
      else if (announced === undefined && !held.grow(chunk.length)) refuse(overloaded());
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      end();
      resolve(Buffer.concat(chunks, size));
    };
    const onBroken = (): void => refuse(new ProblemError('invalid_request', 'The body broke off.'));
    const watch = (): void => {
      const dueMs = GRACE_MS + (size / PACE) * 1000 - (clock.monotonic() - beganAt);
      if (dueMs > 0) timer = clock.after(Math.ceil(dueMs), watch);
      else refuse(new ProblemError('invalid_request', 'The body did not arrive in time.'));
    };
    watch();
    payload.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

export function tooLarge(limit: number): ProblemError {
  return new ProblemError('too_large', `The body is larger than ${limit} bytes.`);
}

export function overloaded(): ProblemError {
  return new ProblemError(
    'overloaded',
    'The bodies of requests that are being worked at take all the room that there is for them: try again.',
  );
}
