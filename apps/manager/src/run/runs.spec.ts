import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { RunDto } from '@warmbox/dto';
import { MEDIA, ProblemError, type Media } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import { Creation } from '../creation/creation.js';
import { EventRelay } from '../execution/event.relay.js';
import { COMPLETED, ID } from '../execution/fixtures/executor.stream.js';
import type { Answer } from '../http/answer.js';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { Runs } from './runs.js';

const OPTIONS = {
  podReadyTimeoutSeconds: 90,
  maxContainerLifetimeMinutes: 15,
  disconnectGraceSeconds: 5,
  relayLossGraceSeconds: 60,
};

describe('Runs', () => {
  let disconnecting: AbortController;
  /** The executor's side of the stream. */
  let source: PassThrough;
  /** What becomes of its loss. */
  let loss: ProblemError;
  /** Creations, in turn. */
  let made: Creation[];
  /** What attaching comes to, in turn; then the stream. */
  let attached: (Answer | Error | undefined)[];
  /** What was done about sandboxes. */
  let done: string[];
  let deleting: PromiseWithResolvers<undefined>;
  /** Of the request, where it has one. */
  let key: string | undefined;
  /** Whether another attempt at the request has begun the creation. */
  let isResumed: boolean;
  let abandoned: number;
  /** What becomes of the files. */
  let writing: Promise<void>;
  let runs: Runs;

  beforeEach(() => {
    disconnecting = new AbortController();
    source = new PassThrough();
    loss = new ProblemError('executor_unreachable', 'lost');
    made = [];
    attached = [];
    key = undefined;
    isResumed = false;
    abandoned = 0;
    writing = Promise.resolve();
    done = [];
    deleting = Promise.withResolvers();
    deleting.resolve(undefined);
    runs = new Runs(
      {
        create: () => {
          const abandon = (): Promise<void> => Promise.resolve(void (abandoned += 1));
          const pod = aPod({ name: `kata-sandbox-${made.length}` });
          const creation = new Creation(pod, 0, new FakeClock(), abandon, isResumed);
          made.push(creation);
          if (!done.includes('slow')) creation.succeed();
          return Promise.resolve(creation);
        },
      },
      {
        write: (_, files, { onlyNew }) => {
          done.push(`wrote ${files.map(({ path }) => path).join()}${onlyNew ? ' where new' : ''}`);
          return writing;
        },
      },
      {
        attach: () => {
          const next = attached.length > 0 ? attached.shift() : stream();
          return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
        },
      },
      {
        release: async (pod, cause) => {
          done.push(`${cause} ${pod.metadata?.name ?? ''}`);
          await deleting.promise;
        },
        releaseUnused: async (pod, { executionId = 'unknown' }, graceMs) => {
          done.push(`later ${pod.metadata?.name ?? ''} ${executionId} ${graceMs}`);
          await deleting.promise;
        },
      },
      OPTIONS,
    );
  });

  function stream(): Answer {
    const body = new EventRelay(source, MEDIA.eventStream, () => Promise.resolve(loss));
    return { status: 200, headers: { 'x-execution-id': ID }, body };
  }

  function json(begins: Promise<void>): Answer {
    return { status: 200, headers: { 'x-execution-id': ID }, body: source, begins };
  }

  const run = (dto: Partial<RunDto> = {}, media: Media = MEDIA.eventStream): Promise<Answer | undefined> =>
    runs.run(
      'kata',
      { dto: { command: 'true', ...dto }, media, key },
      { principal: aPrincipal(), requestId: 'r', disconnected: disconnecting.signal },
    );
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('tells the sandbox beside the execution', async () => {
    const answer = await run();
    expect(answer?.headers).toMatchObject({ 'x-sandbox-name': 'kata-sandbox-0', 'x-execution-id': ID });
  });

  it('deletes the sandbox when the stream is over, and ends the answer when that is written', async () => {
    deleting = Promise.withResolvers();
    const answer = await run();
    const whole = text(answer!.body!);
    source.write(COMPLETED);
    await turn();
    expect(done).toEqual([]);
    source.end();
    await turn();
    expect(done).toEqual(['completed kata-sandbox-0']);
    await expect(Promise.race([whole, turn().then(() => 'open')])).resolves.toBe('open');
    deleting.resolve(undefined);
    await expect(whole).resolves.toBe(COMPLETED);
  });

  it('gives a client that has left its time to come back', async () => {
    const answer = await run({ disconnectGraceSeconds: 7 });
    answer!.body!.on('error', () => undefined).destroy();
    await turn();
    expect(done).toEqual([`later kata-sandbox-0 ${ID} 7000`]);
    expect(source.destroyed).toBe(true);
  });

  it('leaves the sandbox to whom resumes through another manager where this one stops', async () => {
    loss = new ProblemError('shutting_down', 'stops');
    const answer = await run();
    const whole = text(answer!.body!);
    source.destroy(new Error('cut'));
    await expect(whole).resolves.toContain('"code":"shutting_down"');
    expect(done).toEqual([]);
  });

  it('waits for a client to resume where the executor was lost', async () => {
    const answer = await run();
    const whole = text(answer!.body!);
    source.destroy(new Error('reset'));
    await expect(whole).resolves.toContain('ErrorEvent');
    expect(done).toEqual([`later kata-sandbox-0 ${ID} 60000`]);
  });

  it('writes the files that come along before the command begins', async () => {
    const files = [{ path: 'a', content: '' }];
    await run({ files });
    key = 'job-1';
    await run({ files });
    expect(done).toEqual(['wrote a', 'wrote a where new']);
  });

  it('begins no command whose files cannot be written, and deletes its sandbox', async () => {
    writing = Promise.reject(new ProblemError('disk_full', 'too much'));
    key = 'job-1';
    await expect(run({ files: [{ path: 'a', content: '' }] })).rejects.toMatchObject({ code: 'disk_full' });
    expect([abandoned, done]).toEqual([1, ['wrote a where new', 'discarded kata-sandbox-0']]);
  });

  it('deletes the sandbox whose client leaves while files are written', async () => {
    const { signal } = disconnecting;
    writing = new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const running = run({ files: [{ path: 'a', content: '' }] });
    await turn();
    disconnecting.abort();
    await expect(running).resolves.toBeUndefined();
    expect(done.at(-1)).toBe('discarded kata-sandbox-0');
  });

  it('deletes the sandbox of a command that cannot start, and says why', async () => {
    attached = [new ProblemError('cannot_start', 'no such program')];
    await expect(run()).rejects.toMatchObject({ code: 'cannot_start' });
    expect(done).toEqual(['discarded kata-sandbox-0']);
    expect(made).toHaveLength(1);
  });

  it('does so where it was to be kept, too', async () => {
    attached = [new ProblemError('cannot_start', 'no such program')];
    await expect(run({ keep: true })).rejects.toMatchObject({ code: 'cannot_start' });
    expect(done).toEqual(['discarded kata-sandbox-0']);
  });

  it('takes another sandbox where the command has certainly not begun, three in all', async () => {
    const refused = (): ProblemError =>
      new ProblemError('not_ready', 'gone', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) });
    attached = [refused(), new ProblemError('not_ready', 'no address')];
    const answer = await run();
    expect(answer?.headers['x-sandbox-name']).toBe('kata-sandbox-2');
    expect(done).toEqual(['discarded kata-sandbox-0', 'discarded kata-sandbox-1']);
    attached = [refused(), refused(), refused()];
    await expect(run()).rejects.toMatchObject({ code: 'not_ready' });
    expect(made).toHaveLength(6);
  });

  it('runs nothing twice: a command that may have begun is not begun again', async () => {
    attached = [new ProblemError('not_ready', 'terminating', { cause: new Error('reset') })];
    await expect(run()).rejects.toMatchObject({ code: 'not_ready' });
    expect(made).toHaveLength(1);
  });

  it('deletes the sandbox whose client leaves before it is ready', async () => {
    done.push('slow');
    const running = run();
    await turn();
    disconnecting.abort();
    await expect(running).resolves.toBeUndefined();
    expect(done).toEqual(['slow', 'discarded kata-sandbox-0']);
  });

  it('deletes the sandbox whose client leaves before it is told of it', async () => {
    attached = [undefined];
    await expect(run()).resolves.toBeUndefined();
    expect(done).toEqual(['discarded kata-sandbox-0']);
  });

  it('leaves what does not become ready to those who follow it', async () => {
    done.push('slow');
    const running = run();
    await turn();
    made[0]!.fail('ready_timeout', 'too slow');
    await expect(running).rejects.toMatchObject({ code: 'ready_timeout' });
    expect(done).toEqual(['slow']);
  });

  it('keeps a sandbox that is to be kept, whatever its client does', async () => {
    const answer = await run({ keep: true });
    answer!.body!.on('error', () => undefined).destroy();
    await turn();
    expect(done).toEqual([]);
  });

  it('tells where the execution of a detached command is, seen from the run', async () => {
    attached = [{ status: 202, headers: { 'x-execution-id': ID, location: `executions/${ID}` }, body: source }];
    const answer = await run({ keep: true, detached: true }, MEDIA.json);
    expect(answer).toMatchObject({ status: 202, headers: { location: `kata-sandbox-0/executions/${ID}` } });
  });

  describe('with a result', () => {
    it('deletes the sandbox when it has come', async () => {
      attached = [json(Promise.resolve())];
      const answer = await run({}, MEDIA.json);
      await answer!.begins;
      source.end('{}');
      await expect(text(answer!.body!)).resolves.toBe('{}');
      expect(done).toEqual(['completed kata-sandbox-0']);
    });

    it('deletes the sandbox whose client is told an error instead', async () => {
      attached = [json(Promise.reject(loss))];
      const answer = await run({}, MEDIA.json);
      await expect(answer!.begins).rejects.toBe(loss);
      expect(done).toEqual(['discarded kata-sandbox-0']);
    });

    it('waits for the end of a command whose client has left', async () => {
      attached = [json(Promise.reject(Object.assign(new Error('dropped'), { code: 'UND_ERR_ABORTED' })))];
      const answer = await run({}, MEDIA.json);
      await expect(answer!.begins).rejects.toThrow('dropped');
      expect(done).toEqual([`later kata-sandbox-0 ${ID} 5000`]);
    });
  });

  describe('with an idempotency key', () => {
    beforeEach(() => {
      key = 'job-1';
    });

    it('waits for others that read the same run before it deletes the sandbox', async () => {
      const answer = await run();
      const whole = text(answer!.body!);
      source.end(COMPLETED);
      await whole;
      expect(done).toEqual([`later kata-sandbox-0 ${ID} 0`]);
    });

    it('leaves a sandbox of which its client does not know yet to a retry', async () => {
      attached = [undefined];
      await expect(run()).resolves.toBeUndefined();
      expect(done).toEqual(['later kata-sandbox-0 unknown 5000']);
    });

    it('begins anew after a refusal', async () => {
      attached = [new ProblemError('cannot_start', 'no such program')];
      await expect(run()).rejects.toMatchObject({ code: 'cannot_start' });
      expect([abandoned, done]).toEqual([1, ['discarded kata-sandbox-0']]);
    });

    it('leaves a command that may have begun to a retry', async () => {
      attached = [new ProblemError('executor_timeout', 'silent')];
      await expect(run()).rejects.toMatchObject({ code: 'executor_timeout' });
      expect([abandoned, done]).toEqual([0, ['later kata-sandbox-0 unknown 5000']]);
    });

    it('leaves a sandbox in which another attempt may have begun the command, where its files cannot be asked about', async () => {
      writing = Promise.reject(new ProblemError('executor_unreachable', 'reset'));
      await expect(run({ files: [{ path: 'a', content: '' }] })).rejects.toMatchObject({
        code: 'executor_unreachable',
      });
      expect([abandoned, done.slice(1)]).toEqual([0, ['later kata-sandbox-0 unknown 5000']]);
    });

    it('runs nothing twice: a sandbox that another attempt may have used, and that has died, is not replaced', async () => {
      isResumed = true;
      const cause = Object.assign(new Error(), { code: 'ECONNREFUSED' });
      attached = [new ProblemError('not_ready', 'has ended', { cause })];
      await expect(run()).rejects.toMatchObject({ code: 'not_ready' });
      expect([made.length, abandoned, done]).toEqual([1, 0, ['later kata-sandbox-0 unknown 5000']]);
    });

    it.each(['output_gone', 'idempotency_key_reused'] as const)(
      'leaves the sandbox whose command has run alone where its executor says %s',
      async (code) => {
        attached = [new ProblemError(code, 'it has run')];
        await expect(run({ keep: true })).rejects.toMatchObject({ code });
        expect([abandoned, done]).toEqual([0, []]);
      },
    );

    it('leaves a result that could not be told to a retry', async () => {
      attached = [json(Promise.reject(loss))];
      const answer = await run({}, MEDIA.json);
      await expect(answer!.begins).rejects.toBe(loss);
      expect(done).toEqual([`later kata-sandbox-0 ${ID} 5000`]);
    });

    it('leaves a kept sandbox to a retry in any case', async () => {
      attached = [undefined];
      await expect(run({ keep: true })).resolves.toBeUndefined();
      expect(done).toEqual([]);
    });
  });
});
