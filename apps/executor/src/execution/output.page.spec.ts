import { FakeClock } from '@warmbox/testing';
import { ProblemError } from '@warmbox/platform';
import { OutputLog, type OutputStream } from '../output/output.log.js';
import { PagePool } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import { OutputPage, type PageRequest } from './output.page.js';
import type { Reader } from './reader.js';

const RING_BYTES = 1_048_576;

describe('A page of output', () => {
  let clock: FakeClock;
  let log: OutputLog;
  let readers: Set<Reader>;
  let writers: Record<OutputStream, PageWriter>;
  let execution: ConstructorParameters<typeof OutputPage>[0];

  beforeEach(() => {
    clock = new FakeClock();
    const pages = new PagePool();
    log = new OutputLog(RING_BYTES, pages);
    readers = new Set();
    const tell = (): void => readers.forEach((reader) => reader.advance());
    writers = {
      Stdout: new PageWriter('Stdout', log, pages, clock, tell),
      Stderr: new PageWriter('Stderr', log, pages, clock, tell),
    };
    execution = {
      id: 'one',
      log,
      result: undefined,
      attach: (reader) => {
        readers.add(reader);
        reader.advance();
      },
      detach: (reader) => void readers.delete(reader),
    };
  });

  const print = (text: string | Buffer, stream: OutputStream = 'Stdout'): void =>
    writers[stream].write(Buffer.from(text as string));
  const ask = (request: Partial<PageRequest> = {}): OutputPage =>
    new OutputPage(execution, { after: 0, limit: 65_536, waitMs: 0, encoding: 'utf8', ...request }, clock);
  const complete = (): void => {
    execution.result = { pid: 7, exitCode: 3, timedOut: false, durationMs: 1, bytes: log.end };
    readers.forEach((reader) => reader.advance());
  };

  it('has both streams, and says where it goes on', async () => {
    print('out');
    print('err', 'Stderr');
    print('put');
    expect(await ask().wait()).toEqual({
      executionId: 'one',
      state: 'running',
      stdout: 'output',
      stderr: 'err',
      from: 0,
      next: 9,
      end: 9,
      gap: 0,
      exitCode: undefined,
    });
    expect(await ask({ after: 4 }).wait()).toMatchObject({ stdout: 'put', stderr: 'rr', from: 4, next: 9 });
    complete();
    expect(await ask({ after: 9 }).wait()).toMatchObject({ state: 'completed', exitCode: 3, stdout: '', next: 9 });
    expect(readers.size + clock.waiting).toBe(0);
  });

  it('ends between characters, whatever its limit, and all pages are all of it', async () => {
    const text = 'aé€😀'.repeat(50);
    print(text);
    for (let limit = 4; limit < 20; limit += 1) {
      let whole = '';
      for (let after = 0; after < log.end;) {
        const page = (await ask({ after, limit }).wait())!;
        expect(page.stdout).not.toContain('\ufffd');
        expect(page.next - page.from).toBeLessThanOrEqual(limit);
        expect(page.next).toBeGreaterThan(after);
        whole += page.stdout;
        after = page.next;
      }
      expect(whole).toBe(text);
    }
  });

  it('has any bytes in base64, to the last one that fits', async () => {
    print(Buffer.from([0xff, 0xe2, 0x82, 0xac, 0]));
    const page = await ask({ limit: 4, encoding: 'base64' }).wait();
    expect(page).toMatchObject({ stdout: Buffer.from([0xff, 0xe2, 0x82, 0xac]).toString('base64'), next: 4 });
  });

  it('tells how much is no longer kept', async () => {
    for (let n = 0; n < 40; n += 1) print('x'.repeat(65_536));
    const page = (await ask({ after: 5, limit: 100 }).wait())!;
    expect(page).toMatchObject({ from: log.start, gap: log.start - 5, next: log.start + 100 });
    complete();
    log.clear();
    expect(await ask({ after: 5 }).wait()).toMatchObject({
      gap: log.end - 5,
      from: log.end,
      next: log.end,
      stdout: '',
    });
  });

  it('comes with the first output, with the end, or when its time is up', async () => {
    const first = ask({ waitMs: 60_000 }).wait();
    await clock.advance(59_999);
    print('x');
    expect(await first).toMatchObject({ stdout: 'x', next: 1 });
    const nothing = ask({ after: 1, waitMs: 60_000 }).wait();
    await clock.advance(60_000);
    expect(await nothing).toMatchObject({ state: 'running', stdout: '', from: 1, next: 1 });
    const end = ask({ after: 1, waitMs: 60_000 }).wait();
    complete();
    expect(await end).toMatchObject({ state: 'completed', exitCode: 3 });
    expect(readers.size + clock.waiting).toBe(0);
  });

  it('leaves nothing behind where its client goes, or the sandbox ends', async () => {
    const left = ask({ waitMs: 60_000 });
    const answer = left.wait();
    left.leave();
    expect(await answer).toBeUndefined();
    const failed = ask({ waitMs: 60_000 });
    const refusal = failed.wait();
    failed.fail(new ProblemError('shutting_down', 'The end.'));
    await expect(refusal).rejects.toMatchObject({ code: 'shutting_down' });
    expect(readers.size + clock.waiting).toBe(0);
  });
});
