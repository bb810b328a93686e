import { FakeClock } from '@warmbox/testing';
import { Observable, Subject } from 'rxjs';
import { EventStreamBody } from './event-stream.body.js';
import type { StreamEvent } from '@warmbox/platform';

describe('EventStreamBody', () => {
  let clock: FakeClock;
  let events: Subject<StreamEvent>;
  let body: EventStreamBody;
  let read: string[];

  beforeEach(() => {
    clock = new FakeClock();
    events = new Subject();
    body = new EventStreamBody(events, clock);
    read = [];
    body.setEncoding('utf8');
  });
  const flow = (): void => void body.on('data', (text: string) => read.push(text));
  const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

  it('sends what is told, and ends where that ends', async () => {
    flow();
    events.next({ event: 'status', data: '{}' });
    events.next({ data: '1' });
    events.complete();
    await new Promise((resolve) => body.once('close', resolve));
    expect(read.join('')).toBe('event: status\ndata: {}\n\ndata: 1\n\n');
    expect(clock.waiting).toBe(0);
  });

  it('says something before 15 seconds of silence are over, again and again', async () => {
    flow();
    events.next({ data: '1' });
    await clock.advance(10_000);
    events.next({ data: '2' });
    await clock.advance(13_000);
    await turn();
    expect(read.join('')).toBe('data: 1\n\ndata: 2\n\n');
    await clock.advance(2_000);
    await clock.advance(30_000);
    await turn();
    expect(read.join('')).toBe('data: 1\n\ndata: 2\n\n: keep-alive\n: keep-alive\n: keep-alive\n');
  });

  it('puts no comment on top of what nobody reads', async () => {
    events.next({ data: '1' });
    await clock.advance(60_000);
    flow();
    await turn();
    expect(read.join('')).toBe('data: 1\n\n');
  });

  it('cuts off who does not read a megabyte', () => {
    events.next({ data: 'x'.repeat(1_000_000) });
    expect(body.destroyed).toBe(false);
    events.next({ data: 'x'.repeat(100_000) });
    expect([body.destroyed, events.observed]).toEqual([true, false]);
  });

  it('listens no more, and leaves no timer, when its reader has gone', () => {
    body.destroy();
    expect([events.observed, clock.waiting]).toEqual([false, 0]);
  });

  it('breaks off where the source fails', async () => {
    flow();
    const failed = new Promise((resolve) => body.once('error', resolve));
    events.error(new Error('lost'));
    expect(await failed).toMatchObject({ message: 'lost' });
    expect(clock.waiting).toBe(0);
  });

  it('takes a source that is over at once', async () => {
    const over = new EventStreamBody(
      new Observable((subscriber) => {
        subscriber.next({ data: '1' });
        subscriber.complete();
      }),
      clock,
    );
    expect((await over.toArray()).join('')).toBe('data: 1\n\n');
  });
});
