import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { giveBack, ProblemError, type Clock, type Timer } from '@warmbox/platform';

/** What a request's body has become. */
export interface TakenInput {
  /** How many of its bytes are in the command's pipe, or were read by it. */
  bytes: number;
  /** Whether standard input has ended after them, by this request or with the command. */
  isEnded: boolean;
}

/**
 * How long the end of a body may take to arrive once the command is over, in milliseconds: a program that reads a line and ends is
 * faster than the end of the request that has sent the line, and that one has been taken.
 */
const LAST_END_MS = 100;

/**
 * The most bytes that wait for a program which does not read, for another request to be taken: the text of the execution's own (1 MiB), and a chunk
 * of each client that has left.
 */
const MOST_WAITING_BYTES = 2_097_152;

const BUSY = 'is being written by another request, and takes one at a time: send this one when that is over';

/** A request that writes. */
interface Turn {
  body: Readable | undefined;
  bytes: number;
  /** Until its body is given up, once nobody can be written to. */
  patience?: Timer;
}

/**
 * The standard input of a command, open for whoever sends more. Bytes go into the command's pipe as they come, one chunk at a time, and
 * the next is taken once that has room: who sends to a command that does not read waits. One request writes at a time, or bytes of two
 * would mix.
 */
export class CommandInput {
  private turn: Turn | undefined;
  /** A request has said that it ends. */
  private isEnded = false;
  /** Why nobody can be written to any more. */
  private closure: ProblemError | undefined;

  /** @param pipe the writing end of the command's standard input. */
  constructor(
    private readonly executionId: string,
    private readonly pipe: Writable,
    private readonly clock: Clock,
  ) {
    pipe.on('error', () => this.close(this.closed()));
  }

  /**
   * Writes a body to its end. Where it breaks off before, what had come was written, and standard input stays open.
   *
   * @param body undefined where there is none.
   * @param endsInput whether standard input ends after it.
   * @throws ProblemError conflict where another request writes, or standard input takes no more: then with the number of bytes that
   *   it took; shutting_down; and the body's own.
   */
  async take(body: Readable | undefined, endsInput: boolean): Promise<TakenInput> {
    this.admit();
    const turn: Turn = { body, bytes: 0 };
    this.turn = turn;
    try {
      if (body !== undefined) await this.pass(body, turn);
      if (endsInput) await this.finish();
      return { bytes: turn.bytes, isEnded: endsInput || this.closure !== undefined };
    } catch (error) {
      if (this.closure === undefined && body?.errored === error) throw error;
      throw told((this.closure ??= this.closed()), turn.bytes);
    } finally {
      body?.destroy();
      turn.patience?.cancel();
      this.turn = undefined;
    }
  }

  /** Nothing more is taken, because the command is over: whoever writes, or wants to, is told this. */
  close(problem: ProblemError): void {
    if (this.closure !== undefined) return;
    this.closure = problem;
    this.pipe.destroy();
    const { turn } = this;
    if (turn !== undefined) turn.patience = this.clock.after(LAST_END_MS, () => turn.body?.destroy(problem));
  }

  /** Whoever writes is told this at once: the sandbox ends. */
  fail(problem: ProblemError): void {
    this.close(problem);
    this.turn?.body?.destroy(problem);
  }

  private admit(): void {
    if (this.closure !== undefined) throw this.closure;
    if (this.isEnded) throw this.conflict('has ended, by an earlier request');
    if (this.turn !== undefined || this.pipe.writableLength > MOST_WAITING_BYTES) throw this.conflict(BUSY);
  }

  /**
   * One chunk after the other, each as it came, so that the memory of each can be given back. Where the body breaks off nobody is waited for:
   * what has come is written as soon as the program reads, in front of what the next request brings.
   */
  private pass(body: Readable, turn: Turn): Promise<void> {
    return new Promise((resolve, reject) => {
      let writing = Promise.resolve();
      const take = (chunk: Buffer): void => {
        body.pause();
        writing = this.write(chunk).then(() => {
          turn.bytes += chunk.length;
          giveBack(chunk);
          body.resume();
        });
        writing.catch(reject);
      };
      const fail = (): void => reject(body.errored ?? new Error('The body broke off.'));
      const end = (): void => {
        // It follows, and says nothing then.
        body.off('close', fail);
        void writing.then(resolve, reject);
      };
      if (body.destroyed) fail();
      else body.on('data', take).once('end', end).once('error', fail).once('close', fail).resume();
    });
  }

  private write(chunk: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.pipe.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** All that was written is in the pipe: whether its other end is still there makes no difference to the end. */
  private async finish(): Promise<void> {
    this.isEnded = true;
    this.pipe.end();
    await finished(this.pipe, { readable: false }).catch(() => undefined);
    this.pipe.destroy();
  }

  private closed(): ProblemError {
    return this.conflict('takes no more: the program has closed it, or has ended');
  }

  private conflict(what: string): ProblemError {
    return new ProblemError('conflict', `Standard input of execution ${JSON.stringify(this.executionId)} ${what}.`);
  }
}

/** The same with how much was taken before. */
function told({ code, detail }: ProblemError, bytes: number): ProblemError {
  return new ProblemError(code, `${detail} ${bytes} bytes of this request were taken.`, { members: { bytes } });
}
