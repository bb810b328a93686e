import { Readable } from 'node:stream';
import { formatServerSentEvent, STREAM_FORM, type StreamEvent } from '@warmbox/platform';
import fc from 'fast-check';
import { readServerSentEvents } from './event-stream.reader.js';

describe('readServerSentEvents', () => {
  it('reads what the writer writes, with comments between, wherever the bytes are cut', async () => {
    const data = fc.string({ unit: 'binary', minLength: 1 }).map((value) => JSON.stringify(value));
    const name = fc.constantFrom(undefined, 'OutputEvent', 'CompletedEvent');
    const event = fc.record({ event: name, id: fc.constantFrom(undefined, '0s', '4711'), data });
    await fc.assert(
      fc.asyncProperty(fc.array(event), fc.array(fc.nat()), async (events: StreamEvent[], cuts) => {
        const { keepAlive } = STREAM_FORM['text/event-stream'];
        const bytes = Buffer.from(events.map((one) => keepAlive + formatServerSentEvent(one)).join(''));
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = Readable.from(ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)));
        expect(await Array.fromAsync(readServerSentEvents(pieces))).toEqual(events);
      }),
      { numRuns: 100 },
    );
  });

  it('refuses what our streams never have', async () => {
    const events = readServerSentEvents(Readable.from([Buffer.from('data: {}\nname: a\n\n')]));
    await expect(events.next()).rejects.toThrow('name');
  });
});
