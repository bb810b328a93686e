import { acceptable, MEDIA, negotiate, type Media } from './accept.js';

const ALL = [MEDIA.eventStream, MEDIA.json, MEDIA.ndjson];

describe('negotiate', () => {
  const cases: [string, string | undefined, Media | undefined][] = [
    ['streams without Accept', undefined, MEDIA.eventStream],
    ['streams for an empty Accept', '  ', MEDIA.eventStream],
    ['streams for a mere wildcard', '*/*', MEDIA.eventStream],
    ['streams where only a stream is named', 'text/event-stream', MEDIA.eventStream],
    ['streams for text/*', 'text/*', MEDIA.eventStream],
    ['answers JSON where it is named', 'application/json', MEDIA.json],
    [
      'answers JSON where it is named beside a wildcard, as axios sends it',
      'application/json, text/plain, */*',
      MEDIA.json,
    ],
    ['answers JSON in a tie with a stream', 'text/event-stream, application/json', MEDIA.json],
    ['answers JSON where application/* means it', 'application/*', MEDIA.json],
    ['answers JSON where application/* ties with a stream', 'application/*, text/event-stream', MEDIA.json],
    ['streams where the stream has the higher q', 'application/json;q=0.9, text/event-stream', MEDIA.eventStream],
    ['streams where JSON has the lower q than a wildcard', 'application/json;q=0.1, */*', MEDIA.eventStream],
    ['answers JSON where the stream is refused', 'text/event-stream;q=0, */*', MEDIA.json],
    ['answers NDJSON where it is named', 'application/x-ndjson', MEDIA.ndjson],
    ['answers NDJSON where it is named beside a wildcard', 'application/x-ndjson, */*;q=0.5', MEDIA.ndjson],
    ['answers NDJSON where it alone is named in a tie with a wildcard', '*/*, application/x-ndjson', MEDIA.ndjson],
    ['does not care for case, spaces and parameters', ' Application/JSON ; charset=UTF-8 ; q=1 ', MEDIA.json],
    ['accepts nothing where nothing is acceptable', 'text/html', undefined],
    ['accepts nothing where everything is refused', '*/*;q=0', undefined],
    ['lets a q that is no number count as refused', 'application/json;q=high', undefined],
    ['takes a q beyond its range for the nearest in it', 'application/json;q=7, text/event-stream;q=1', MEDIA.json],
    ['skips empty ranges', ',, application/json', MEDIA.json],
  ];
  it.each(cases)('%s', (_name, accept, expected) => {
    expect(negotiate(accept, ALL)).toBe(expected);
    expect(negotiate(accept, [...ALL].reverse())).toBe(expected);
  });

  it('answers only what is offered', () => {
    expect(negotiate('*/*', [MEDIA.json])).toBe(MEDIA.json);
    expect(negotiate('application/x-ndjson', [MEDIA.json, MEDIA.eventStream])).toBeUndefined();
  });
});

describe('acceptable', () => {
  it('is what is negotiated, or an error that names what there is', () => {
    expect(acceptable('application/json', ALL)).toBe(MEDIA.json);
    const refused = (): Media => acceptable('text/html', [MEDIA.eventStream, MEDIA.ndjson]);
    expect(refused).toThrow('Accept must allow text/event-stream or application/x-ndjson.');
  });
});
