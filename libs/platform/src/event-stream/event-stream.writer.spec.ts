import { formatNdjsonEvent, formatServerSentEvent } from './event-stream.writer.js';

describe('formatServerSentEvent', () => {
  it('writes the fields that there are, and a blank line', () => {
    expect(formatServerSentEvent({ event: 'OutputEvent', id: '12', data: '{"a":1}' })).toBe(
      'event: OutputEvent\nid: 12\ndata: {"a":1}\n\n',
    );
    expect(formatServerSentEvent({ data: '{}' })).toBe('data: {}\n\n');
  });
});

describe('formatNdjsonEvent', () => {
  it('writes one line of JSON with the fields that there are', () => {
    expect(formatNdjsonEvent({ event: 'OutputEvent', id: '12', data: '{"a":1}' })).toBe(
      '{"event":"OutputEvent","id":"12","data":{"a":1}}\n',
    );
    expect(formatNdjsonEvent({ event: 'ErrorEvent', data: '{}' })).toBe('{"event":"ErrorEvent","data":{}}\n');
    expect(formatNdjsonEvent({ data: '{}' })).toBe('{"data":{}}\n');
  });
});
