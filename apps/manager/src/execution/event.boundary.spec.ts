import fc from 'fast-check';
import { EVENT_MAX_BYTES, EventBoundary, EventTooLongError } from './event.boundary.js';

const text = (pieces: Buffer[]): string => Buffer.concat(pieces).toString();

const SSE = 'event: OutputEvent\nid: 3\ndata: {"data":"é\\n\\n"}\n\n: keep-alive\n: two\nid: 3e\ndata: {}\n\n';
const NDJSON = '{"event":"OutputEvent","id":"3","data":{"data":"é\\n"}}\n\n{"event":"CompletedEvent","data":{}}\n';

describe('EventBoundary', () => {
  it.each([
    ['text/event-stream', SSE],
    ['application/x-ndjson', NDJSON],
  ] as const)('passes the same bytes of %s at every split into two chunks', (media, stream) => {
    const bytes = Buffer.from(stream);
    for (let at = 0; at <= bytes.length; at += 1) {
      const boundary = new EventBoundary(media);
      const passed = [...boundary.push(bytes.subarray(0, at)), ...boundary.push(bytes.subarray(at))];
      expect(text(passed)).toBe(stream);
      expect(boundary.isWithinEvent).toBe(false);
    }
  });

  /** What may be passed of the bytes so far: whole events, and whole comments and empty lines between them. */
  const WHOLE = {
    'text/event-stream': /^(?:(?::.*|)\n|(?:[^:\n].*\n(?:.+\n)*\n))*/,
    'application/x-ndjson': /^(?:.*\n)*/,
  };

  it.each([
    ['text/event-stream', SSE],
    ['application/x-ndjson', NDJSON],
  ] as const)('has passed whole events of %s, and no more, after every byte', (media, stream) => {
    const bytes = Buffer.from(stream);
    const boundary = new EventBoundary(media);
    let passed = '';
    for (let at = 0; at < bytes.length; at += 1) {
      passed += Buffer.concat(boundary.push(bytes.subarray(at, at + 1))).toString('latin1');
      const soFar = bytes.subarray(0, at + 1).toString('latin1');
      expect(passed).toBe(WHOLE[media].exec(soFar)?.[0]);
    }
    expect(passed).toBe(bytes.toString('latin1'));
  });

  it('passes a comment at once, and what an event has after it only with its end', () => {
    const boundary = new EventBoundary('text/event-stream');
    expect(text(boundary.push(Buffer.from(': keep-')))).toBe('');
    expect(text(boundary.push(Buffer.from('alive\n: two\nevent: a\n')))).toBe(': keep-alive\n: two\n');
    expect(boundary.isWithinEvent).toBe(true);
    // Within an event a comment is a part of it.
    expect(text(boundary.push(Buffer.from(': three\n')))).toBe('');
    expect(text(boundary.push(Buffer.from('data: {}\n\n\n')))).toBe('event: a\n: three\ndata: {}\n\n\n');
    expect(boundary.isWithinEvent).toBe(false);
  });

  it('passes the same whole events for any stream in any chunks', () => {
    const anyBytes = fc
      .array(fc.constantFrom('\n', 'a', 'é', '\n\n', ': c\n', ':'), { maxLength: 40 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(anyBytes, fc.array(fc.nat(9), { maxLength: 40 }), (stream, sizes) => {
        const bytes = Buffer.from(stream);
        const boundary = new EventBoundary('text/event-stream');
        const passed: Buffer[] = [];
        let at = 0;
        for (const size of [...sizes, bytes.length]) {
          passed.push(...boundary.push(bytes.subarray(at, at + size)));
          at = Math.min(bytes.length, at + size);
        }
        const result = text(passed);
        const whole = WHOLE['text/event-stream'].exec(stream)?.[0] ?? '';
        // A comment whose event's end came before its own may pass later, with the next end.
        expect(whole.startsWith(result)).toBe(true);
        expect(whole.slice(result.length)).not.toContain('\n\n');
      }),
    );
  });

  it('holds an event of the largest size that an executor sends', () => {
    const boundary = new EventBoundary('text/event-stream');
    const half = Buffer.alloc(196_608, 'x');
    expect(boundary.push(half)).toEqual([]);
    expect(boundary.push(half)).toEqual([]);
    expect(Buffer.concat(boundary.push(Buffer.from('\n\n')))).toHaveLength(393_218);
  });

  it('refuses an event without an end before it fills the memory, also byte by byte', () => {
    const boundary = new EventBoundary('application/x-ndjson');
    boundary.push(Buffer.alloc(EVENT_MAX_BYTES - 100, 'x'));
    for (let count = 0; count < 100; count += 1) expect(boundary.push(Buffer.from('x'))).toEqual([]);
    expect(() => boundary.push(Buffer.from('x'))).toThrow(EventTooLongError);
  });
});
