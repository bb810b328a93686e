import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { MEDIA, ProblemError } from '@warmbox/platform';
import { EventRelay } from './event.relay.js';

const lost = (): Promise<ProblemError> => Promise.resolve(new ProblemError('executor_unreachable', 'lost'));
const event = (size: number): Buffer => Buffer.from(`data: ${'x'.repeat(size)}\n\n`);

describe('EventRelay', () => {
  it('reads from the executor only as much as the client has taken, and a few buffers', async () => {
    let taken = 0;
    const source = new Readable({
      read() {
        taken += 65_536;
        this.push(event(65_528));
      },
    });
    const relay = new EventRelay(source, MEDIA.eventStream, lost);
    relay.pause().on('data', () => undefined);
    for (const read of [0, 1_000_000, 10_000_000]) {
      let bytes = 0;
      while (bytes < read) {
        const chunk = relay.read() as Buffer | null;
        if (chunk === null) await new Promise((resolve) => setImmediate(resolve));
        else bytes += chunk.length;
      }
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      const ahead = taken - (read === 0 ? 0 : read);
      expect(ahead).toBeLessThan(1_500_000);
    }
    relay.destroy();
    expect(source.destroyed).toBe(true);
  });

  it('reads nothing before somebody reads it', async () => {
    let taken = 0;
    const source = new Readable({
      highWaterMark: 1,
      read() {
        taken += 1;
        this.push(event(10));
      },
    });
    new EventRelay(source, MEDIA.eventStream, lost).on('error', () => undefined);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThanOrEqual(1);
  });

  it('tells its observer of a loss, also where the client leaves before that is explained', async () => {
    const explained = Promise.withResolvers<ProblemError>();
    const told: ProblemError[] = [];
    const observer = { passes: () => undefined, ends: () => undefined, loses: (by: ProblemError) => told.push(by) };
    const source = new PassThrough();
    const relay = new EventRelay(source, MEDIA.eventStream, () => explained.promise, observer);
    source.destroy(new Error('reset'));
    await new Promise((resolve) => setImmediate(resolve));
    relay.destroy();
    explained.resolve(new ProblemError('executor_unreachable', 'lost'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toMatchObject([{ code: 'executor_unreachable' }]);
  });

  it('sends its last words to a client that reads them late', async () => {
    const source = new PassThrough();
    const relay = new EventRelay(source, MEDIA.eventStream, lost);
    source.write(Buffer.concat([event(3), Buffer.from('data: unfin')]));
    relay.read(0);
    await once(relay, 'readable');
    source.destroy(new Error('reset'));
    await new Promise((resolve) => setImmediate(resolve));
    const chunks = (await relay.toArray()) as Buffer[];
    expect(Buffer.concat(chunks).toString()).toBe(
      'data: xxx\n\nevent: ErrorEvent\ndata: {"code":"executor_unreachable","detail":"lost"}\n\n',
    );
  });

  it('says nothing more once the client has gone', async () => {
    let explained = 0;
    const source = new PassThrough();
    const relay = new EventRelay(source, MEDIA.eventStream, () => {
      explained += 1;
      return lost();
    });
    relay.resume();
    source.write(event(3));
    relay.destroy();
    await once(relay, 'close');
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.destroyed).toBe(true);
    expect(explained).toBe(0);
  });

  it.each([
    [MEDIA.eventStream, 'id: 2\ndata: {}\n\n', 'event: ErrorEvent\ndata: {"code":"shutting_down","detail":"x"}\n\n'],
    [MEDIA.ndjson, '{"event":"OutputEvent","data":{}}\n', '{"event":"ErrorEvent","data":{"code":"shutting_down"}}\n'],
  ] as const)('says in %s what the sandbox ends of, wherever its last words are cut', async (media, before, stop) => {
    const bytes = Buffer.from(before + stop);
    const gone = (): Promise<ProblemError> => Promise.resolve(new ProblemError('sandbox_gone', 'out of memory'));
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      const relay = new EventRelay(Readable.from(pieces, { objectMode: false }), media, gone);
      const text = Buffer.concat((await relay.toArray()) as Buffer[]).toString();
      expect(text.startsWith(before)).toBe(true);
      expect(text.slice(before.length)).toMatch(/^[^\n]*ErrorEvent[^]*sandbox_gone/);
      expect(text).not.toContain('shutting_down');
    }
  });
});
