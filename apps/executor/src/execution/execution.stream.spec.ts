import type { CompletedEventDto } from '@warmbox/dto';
import { ProblemError, STREAM_FORM } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import { OutputLog } from '../output/output.log.js';
import { PagePool } from '../output/page.pool.js';
import { PageWriter } from '../output/page.writer.js';
import { FROM_THE_START } from './event.id.js';
import { ExecutionStream, type EventsForm } from './execution.stream.js';
import type { TextSink } from './response.sink.js';

/** A client that takes nothing more when it is told to. */
class FakeSink implements TextSink {
  texts: string[] = [];
  isFull = false;
  isEnded = false;
  isFlushed = false;
  drain = (): void => undefined;
  close = (): void => undefined;

  write(text: string): boolean {
    this.texts.push(text);
    return !this.isFull;
  }

  flush(): void {
    this.isFlushed = true;
  }

  end(text: string): void {
    this.texts.push(text);
    this.isEnded = true;
  }

  onDrain(task: () => void): void {
    this.drain = task;
  }

  onClose(task: () => void): void {
    this.close = task;
  }
}

describe('ExecutionStream', () => {
  let clock: FakeClock;
  let log: OutputLog;
  let out: PageWriter;
  let sink: FakeSink;
  let stream: ExecutionStream;
  let execution: { result: CompletedEventDto | undefined; attached: boolean; progress: number };

  function open(form: Partial<EventsForm> = {}, capacity = 2 ** 20): void {
    clock = new FakeClock();
    const pages = new PagePool();
    log = new OutputLog(capacity, pages);
    sink = new FakeSink();
    execution = { result: undefined, attached: false, progress: 0 };
    const fake = Object.assign(execution, {
      id: 'the-id',
      pid: 7,
      startedAt: clock.now(),
      log,
      attach: () => {
        execution.attached = true;
        stream.advance();
      },
      detach: () => (execution.attached = false),
      progressed: () => (execution.progress += 1),
    });
    stream = new ExecutionStream(
      fake,
      sink,
      FROM_THE_START,
      { encoding: 'utf8', events: 'all', ...STREAM_FORM['text/event-stream'], ...form },
      clock,
    );
    out = new PageWriter('Stdout', log, pages, clock, () => stream.advance());
    stream.open();
  }
  const write = (text: string): void => out.write(Buffer.from(text));
  const complete = (): void => {
    execution.result = { pid: 7, exitCode: 0, timedOut: false, durationMs: 1, bytes: log.end };
    stream.advance();
  };
  const names = (): string[] =>
    sink.texts.map((text) => /^event: (\w+)|^(: .*)/m.exec(text)?.slice(1).find(Boolean) ?? text);

  it('writes events as lines of text/event-stream', () => {
    open();
    write('a"\n');
    complete();
    expect(sink.texts).toEqual([
      `event: StartedEvent\nid: 0s\ndata: {"executionId":"the-id","pid":7,"startedAt":"2026-01-01T00:00:00.000Z"}\n\n`,
      `event: OutputEvent\nid: 3\ndata: {"pid":7,"stream":"Stdout","data":"a\\"\\n"}\n\n`,
      `event: CompletedEvent\nid: 3e\ndata: {"pid":7,"exitCode":0,"timedOut":false,"durationMs":1,"bytes":3}\n\n`,
    ]);
    expect([sink.isEnded, execution.attached]).toEqual([true, false]);
  });

  it('sends the first output at once, and gathers what follows closely', async () => {
    open();
    write('1');
    write('2');
    write('3');
    expect(sink.texts).toHaveLength(2);
    await clock.advance(2);
    expect(sink.texts).toHaveLength(3);
    expect(sink.texts[2]).toContain('"data":"23"');
    expect(execution.progress).toBe(1);
    await clock.advance(2);
    write('4');
    expect(sink.texts[3]).toContain('"data":"4"');
  });

  it('sends the head soon although the command says nothing', async () => {
    open({ events: 'original' });
    expect(sink.isFlushed).toBe(false);
    await clock.advance(5);
    expect([sink.isFlushed, sink.texts]).toEqual([true, []]);
  });

  it('does not gather more than a page, nor at the end', () => {
    open();
    write('1');
    write('x'.repeat(65_536));
    // All of the first page is sent; what is left of it is less than a page, and waits.
    expect(sink.texts.slice(1).map((text) => /.*id: (\d+)/s.exec(text)?.[1])).toEqual(['1', '65536']);
    write('y');
    complete();
    expect(names().slice(-2)).toEqual(['OutputEvent', 'CompletedEvent']);
    expect(sink.texts.at(-2)).toContain('id: 65538');
  });

  it('takes nothing while the client takes nothing, and then all of it', () => {
    open();
    sink.isFull = true;
    write('1');
    expect(stream.blockedSince).toBe(0);
    expect(stream.position).toBe(1);
    write('2');
    write('3');
    expect(stream.position).toBe(1);
    sink.isFull = false;
    complete();
    sink.drain();
    expect(sink.texts.slice(2).join('')).toContain('"data":"23"');
    expect(names().at(-1)).toBe('CompletedEvent');
  });

  it('says how much was evicted before it could send it', () => {
    open({}, 65_536);
    sink.isFull = true;
    write('1');
    write('x'.repeat(300_000));
    const lost = log.start - 1;
    expect(lost).toBeGreaterThan(0);
    sink.isFull = false;
    sink.drain();
    expect(sink.texts[2]).toBe(`event: GapEvent\nid: ${log.start}\ndata: {"pid":7,"bytes":${lost}}\n\n`);
    expect(sink.texts[3]).toContain('event: OutputEvent');
  });

  it('sends a comment before 15 seconds of silence are over, again and again', async () => {
    open();
    await clock.advance(10_000);
    write('1');
    await clock.advance(13_999);
    expect(names()).toEqual(['StartedEvent', 'OutputEvent']);
    await clock.advance(1);
    expect(names().slice(2)).toEqual([': keep-alive']);
    await clock.advance(29_000);
    expect(names().slice(2)).toEqual([': keep-alive', ': keep-alive', ': keep-alive']);
    expect(sink.texts.at(-1)).toBe(': keep-alive\n');
  });

  it('puts no comment on top of what a client does not take', async () => {
    open();
    sink.isFull = true;
    write('1');
    await clock.advance(60_000);
    expect(names()).toEqual(['StartedEvent', 'OutputEvent']);
  });

  it('says by an empty line that NDJSON lives', async () => {
    open({ ...STREAM_FORM['application/x-ndjson'], encoding: 'base64' });
    write('1');
    await clock.advance(29_000);
    expect(sink.texts.splice(2)).toEqual(['\n', '\n']);
    expect(sink.texts.map((text) => JSON.parse(text) as object)).toEqual([
      { event: 'StartedEvent', id: '0s', data: expect.anything() as object },
      { event: 'OutputEvent', id: '1', data: { pid: 7, stream: 'Stdout', data: 'MQ==', encoding: 'base64' } },
    ]);
  });

  it('sends a page that is too long for a line as several events, each with the offset after it, in one piece', async () => {
    open();
    write('1');
    write('\0'.repeat(65_535));
    await clock.advance(2);
    expect(sink.texts).toHaveLength(3);
    const ids = [...(sink.texts[2] ?? '').matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    const data = [...(sink.texts[2] ?? '').matchAll(/^data: (.*)$/gm)].map(
      ([, json = '']) => JSON.parse(json) as { data: string },
    );
    expect(ids).toEqual(
      data.map((_, n) => 1 + data.slice(0, n + 1).reduce((sum, { data: { length } }) => sum + length, 0)),
    );
    expect([ids.length, ids.at(-1), stream.position]).toEqual([7, 65_536, 65_536]);
    for (const line of (sink.texts[2] ?? '').split('\n')) expect(line.length).toBeLessThanOrEqual(60_000);
  });

  it('ends with an ErrorEvent that has no id where there will be no result', () => {
    open({ events: 'original' });
    stream.fail(new ProblemError('shutting_down', 'It ends.'));
    expect(sink.texts).toEqual([`event: ErrorEvent\ndata: {"code":"shutting_down","detail":"It ends."}\n\n`]);
    expect([sink.isEnded, execution.attached]).toEqual([true, false]);
    complete();
    expect(sink.texts).toHaveLength(1);
  });

  it('leaves no timer and sends nothing when the client has gone', async () => {
    open();
    write('1');
    write('2');
    sink.close();
    expect(execution.attached).toBe(false);
    expect(clock.waiting).toBe(0);
    write('3');
    await clock.advance(100_000);
    expect(sink.texts).toHaveLength(2);
  });
});
