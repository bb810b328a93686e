import { PassThrough, Readable, Writable } from 'node:stream';
import { ProblemError } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { CommandInput } from './command.input.js';

/** The end of a pipe that takes a chunk when it is told to. */
class Pipe extends Writable {
  readonly taken: string[] = [];
  private waiting: ((error?: Error) => void) | undefined;

  /** @param isReading whether it takes whatever comes */
  constructor(public isReading = true) {
    super({ decodeStrings: true, highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const take = (error?: Error): void => {
      if (error === undefined) this.taken.push(chunk.toString());
      done(error);
    };
    if (this.isReading) take();
    else this.waiting = take;
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    done(error);
    // As a socket does with what it has not written.
    this.waiting?.(Object.assign(new Error('write ECANCELED'), { code: 'ECANCELED' }));
  }

  get isFull(): boolean {
    return this.waiting !== undefined;
  }

  read(): void {
    const take = this.waiting;
    this.waiting = undefined;
    take?.();
  }

  /** As the kernel says that nobody reads any more. */
  break(): void {
    this.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe('Standard input that is kept open', () => {
  let clock: FakeClock;
  beforeEach(() => (clock = new FakeClock()));

  const conflict = (words: string, bytes?: number): object => ({
    code: 'conflict',
    detail: expect.stringContaining(words) as string,
    members: bytes === undefined ? {} : { bytes },
  });

  it('takes bodies one after the other, and ends after the one that says so', async () => {
    const pipe = new Pipe();
    const input = new CommandInput('one', pipe, clock);
    expect(await input.take(Readable.from([Buffer.from('a'), Buffer.from('b')]), false)).toEqual({
      bytes: 2,
      isEnded: false,
    });
    expect(await input.take(undefined, false)).toEqual({ bytes: 0, isEnded: false });
    expect(pipe.writableEnded).toBe(false);
    expect(await input.take(Readable.from([Buffer.from('c')]), true)).toEqual({ bytes: 1, isEnded: true });
    expect([pipe.taken, pipe.writableFinished]).toEqual([['a', 'b', 'c'], true]);
    await expect(input.take(undefined, true)).rejects.toMatchObject(conflict('has ended'));
  });

  it('takes no more of a body than the command reads', async () => {
    const pipe = new Pipe(false);
    const body = new PassThrough({ highWaterMark: 1 });
    const taking = new CommandInput('one', pipe, clock).take(body, false);
    body.write('a');
    await turns();
    body.write('b');
    await turns();
    expect([pipe.writableLength, body.readableLength, body.writableNeedDrain]).toEqual([1, 1, true]);
    pipe.read();
    await turns();
    pipe.read();
    body.end();
    await turns();
    pipe.read();
    expect(await taking).toMatchObject({ bytes: 2 });
  });

  it('takes one request at a time, and the next once that is over', async () => {
    const input = new CommandInput('one', new Pipe(), clock);
    const body = new PassThrough();
    const first = input.take(body, false);
    await expect(input.take(undefined, true)).rejects.toMatchObject(conflict('by another request'));
    body.end('a');
    await first;
    expect(await input.take(undefined, true)).toMatchObject({ isEnded: true });
  });

  it('stays open where a body breaks off, and keeps what had come', async () => {
    const pipe = new Pipe();
    const input = new CommandInput('one', pipe, clock);
    const body = new PassThrough();
    const first = input.take(body, true);
    body.write('half');
    await turns();
    const broken = new ProblemError('invalid_request', 'The body broke off.');
    body.destroy(broken);
    await expect(first).rejects.toBe(broken);
    expect([pipe.taken, pipe.writableEnded]).toEqual([['half'], false]);
    expect(await input.take(Readable.from([Buffer.from('!')]), false)).toMatchObject({ bytes: 1 });
  });

  it('is free for the next request once a client has left whose bytes the program does not read, and keeps their order', async () => {
    const pipe = new Pipe(false);
    const input = new CommandInput('one', pipe, clock);
    const body = new PassThrough();
    let isOver = false;
    const first = input.take(body, true).finally(() => (isOver = true));
    void first.catch(() => undefined);
    body.write('half');
    await turns();
    const broken = new ProblemError('invalid_request', 'The body broke off.');
    body.destroy(broken);
    await turns();
    expect(isOver).toBe(true);
    await expect(first).rejects.toBe(broken);
    const second = input.take(Readable.from([Buffer.from('!')]), false);
    await turns();
    pipe.read();
    pipe.read();
    expect([await second, pipe.taken]).toEqual([{ bytes: 1, isEnded: false }, ['half', '!']]);
  });

  it('holds little of what clients have left that the program does not read', async () => {
    const input = new CommandInput('one', new Pipe(false), clock);
    const broken = new ProblemError('invalid_request', 'The body broke off.');
    let left = 0;
    const leave = async (): Promise<void> => {
      const body = new PassThrough().on('error', () => undefined);
      const taking = input.take(body, false);
      void taking.catch(() => undefined);
      body.write(Buffer.alloc(65_536));
      await turns();
      body.destroy(broken);
      await expect(taking).rejects.toBe(broken);
      left += 1;
    };
    const leaving = async (): Promise<void> => {
      while (left < 100) await leave();
    };
    await expect(leaving()).rejects.toThrow('by another request');
    expect(left).toBeLessThan(40);
  });

  it('says how much was taken where the program closes it', async () => {
    const pipe = new Pipe();
    const input = new CommandInput('one', pipe, clock);
    const body = new PassThrough();
    const taking = input.take(body, false);
    body.write('taken');
    await turns();
    pipe.isReading = false;
    body.write('lost');
    await turns();
    expect(pipe.isFull).toBe(true);
    pipe.break();
    await expect(taking).rejects.toMatchObject(conflict('5 bytes', 5));
    expect(body.destroyed).toBe(true);
    await expect(input.take(undefined, false)).rejects.toMatchObject(conflict('has closed it'));
  });

  it('takes nothing where the program closed it while nobody wrote', async () => {
    const pipe = new Pipe();
    const input = new CommandInput('one', pipe, clock);
    pipe.break();
    await turns();
    await expect(input.take(undefined, false)).rejects.toMatchObject(conflict('has closed it'));
  });

  it('tells a request that is idle that the program closed it', async () => {
    const pipe = new Pipe();
    const taking = new CommandInput('one', pipe, clock).take(new PassThrough(), false);
    await turns();
    const refused = expect(taking).rejects.toMatchObject(conflict('0 bytes', 0));
    pipe.break();
    await turns();
    await clock.advance(100);
    await refused;
  });

  it.each([
    ['that waits for its client', true],
    ['that waits for the program', false],
  ])('ends a request %s, with the command', async (_, isReading) => {
    const pipe = new Pipe();
    const input = new CommandInput('one', pipe, clock);
    const body = new PassThrough();
    const taking = input.take(body, true);
    body.write('abc');
    await turns();
    pipe.isReading = isReading;
    if (!isReading) body.write('def');
    await turns();
    const over = new ProblemError('conflict', 'Execution "one" has completed.');
    const refused = expect(taking).rejects.toMatchObject(conflict('has completed. 3 bytes', 3));
    input.close(over);
    await clock.advance(100);
    await refused;
    expect([pipe.destroyed, body.destroyed]).toEqual([true, true]);
    await expect(input.take(undefined, false)).rejects.toBe(over);
  });

  it.each([false, true])(
    'has taken what the command has read before it ended, although the end of it comes late (%p)',
    async (endsInput) => {
      const input = new CommandInput('one', new Pipe(), clock);
      const body = new PassThrough();
      const taking = input.take(body, endsInput);
      body.write('the line that it ends by');
      await turns();
      input.close(new ProblemError('conflict', 'Execution "one" has completed.'));
      await clock.advance(50);
      body.end();
      expect(await taking).toEqual({ bytes: 24, isEnded: true });
      expect(clock.waiting).toBe(0);
    },
  );
});
