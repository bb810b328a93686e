import { MEDIA } from '@warmbox/platform';
import { cancelRequest, eventsRequest, executeRequest, leftRequest } from './execution.requests.js';

const ORIGIN = { requestId: 'r-1' };

describe('the requests to an executor', () => {
  it('wait for JSON as long as the command may run, and longer by its end', () => {
    expect(executeRequest({ command: 'true', timeoutSeconds: 86_400 }, MEDIA.json, ORIGIN)).toMatchObject({
      headersTimeoutMs: 86_430_000,
      silenceTimeoutMs: 86_430_000,
    });
    expect(executeRequest({ command: 'true' }, MEDIA.json, ORIGIN).headersTimeoutMs).toBe(330_000);
  });

  it('expect a stream to begin at once, and Server-Sent Events never to be silent for three keep-alives', () => {
    expect(executeRequest({ command: 'true' }, MEDIA.eventStream, ORIGIN)).toMatchObject({
      headersTimeoutMs: 10_000,
      silenceTimeoutMs: 45_000,
    });
    expect(eventsRequest('a', {}, MEDIA.ndjson, ORIGIN)).toMatchObject({
      headersTimeoutMs: 10_000,
      silenceTimeoutMs: 0,
    });
  });

  it('carry the request id, and a trace context only where there is one', () => {
    expect(leftRequest('a', ORIGIN)).toMatchObject({
      method: 'POST',
      path: '/api/executions/a/left',
      headers: { 'x-request-id': 'r-1' },
    });
    expect(cancelRequest('a', { ...ORIGIN, traceparent: 't' }).headers).toEqual({
      'x-request-id': 'r-1',
      traceparent: 't',
    });
  });

  it('never let an id out of its place in the path', () => {
    expect(cancelRequest('../left?a#b', ORIGIN).path).toBe('/api/executions/..%2Fleft%3Fa%23b');
  });
});
