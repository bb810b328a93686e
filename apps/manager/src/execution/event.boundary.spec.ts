import fc from 'fast-check';
import { EVENT_MAX_BYTES, EventBoundary, EventTooLongError } from './event.boundary.js';

const text = (pieces: Buffer[]): string => Buffer.concat(pieces).toString();

const SSE = 'event: OutputEvent\nid: 3\ndata: {"data":"é\\n\\n"}\n\n: keep-alive\n\nid: 3e\ndata: {}\n\n';
const NDJSON = '{"event":"OutputEvent","id":"3","data":{"data":"é\\n"}}\n{"event":"CompletedEvent","data":{}}\n';

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

  it.each([
    ['text/event-stream', SSE, '\n\n'],
    ['application/x-ndjson', NDJSON, '\n'],
  ] as const)('has passed whole events of %s, and no more, after every byte', (media, stream, end) => {
    const bytes = Buffer.from(stream);
    const boundary = new EventBoundary(media);
    let passed = '';
    for (let at = 0; at < bytes.length; at += 1) {
      passed += text(boundary.push(bytes.subarray(at, at + 1)));
      const soFar = bytes.subarray(0, at + 1).toString('latin1');
      const whole = soFar.lastIndexOf(end) < 0 ? 0 : soFar.lastIndexOf(end) + end.length;
      expect(Buffer.byteLength(passed)).toBe(whole);
    }
    expect(passed).toBe(stream);
  });

  it('passes the same whole events for any stream in any chunks', () => {
    const anyBytes = fc
      .array(fc.constantFrom('\n', 'a', 'é', '\n\n'), { maxLength: 40 })
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
        expect(stream.startsWith(result)).toBe(true);
        expect(result === '' || result.endsWith('\n\n')).toBe(true);
        expect(stream.slice(result.length).slice(1)).not.toContain('\n\n');
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
