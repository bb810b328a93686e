import { giveBack } from '@warmbox/platform';
import type { Readable, Writable } from 'node:stream';

/** The first bytes of what gzip has made. */
const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Whether an archive is compressed, by its first bytes. Names and media types say less: clients send `application/octet-stream`, or nothing.
 */
export function isGzip(beginning: Buffer): boolean {
  return beginning.subarray(0, GZIP.length).equals(GZIP);
}

/**
 * Takes the first bytes of a body, two at least where it has as many. It is paused then.
 *
 * @throws the body's error
 */
export function beginningOf(body: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let taken = Buffer.alloc(0);
    const finish = (): void => {
      body.off('data', take).off('end', finish).off('close', fail).pause();
      resolve(taken);
    };
    const take = (chunk: Buffer): void => {
      taken = Buffer.concat([taken, chunk]);
      if (taken.length >= GZIP.length) finish();
    };
    const fail = (): void => reject(errorOf(body));
    // Whoever waits for more of it later sees how it ended.
    body.on('error', () => undefined);
    if (body.destroyed) fail();
    else body.on('data', take).once('end', finish).once('close', fail).resume();
  });
}

/**
 * Passes the rest of a body on to a program, as fast as that reads, and gives its memory back. A program that reads no more (tar, at the end of an archive) is not the
 * end of the body: what follows is dropped, so that it shows whether it was whole.
 *
 * @throws the body's error
 */
export function feed(body: Readable, program: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    let takesMore = true;
    const finish = (): void => {
      program.end();
      resolve();
    };
    const take = (chunk: Buffer): void => {
      if (!takesMore) giveBack(chunk);
      else if (!program.write(chunk, () => giveBack(chunk))) body.pause();
    };
    program
      .on('error', () => undefined)
      .on('drain', () => body.resume())
      .once('close', () => {
        takesMore = false;
        body.resume();
      });
    if (body.readableEnded) finish();
    else if (body.destroyed) reject(errorOf(body));
    else {
      const fail = (): void => reject(errorOf(body));
      body.on('data', take).once('end', finish).once('close', fail).resume();
    }
  });
}

function errorOf({ errored }: Readable): Error {
  return errored ?? new Error('The body broke off.');
}
