import { MEDIA } from '@warmbox/platform';
import { cancelRequest, eventsRequest, executeRequest, disconnectRequest } from './execution.requests.js';

const ORIGIN = { requestId: 'r-1' };

describe('the requests to an executor', () => {
  it('wait for JSON as long as the command may run, and longer by its end, and for its head as for any other', () => {
    expect(executeRequest({ command: 'true', timeoutSeconds: 86_400 }, MEDIA.json, ORIGIN)).toMatchObject({
      headTimeoutMs: 10_000,
      silenceTimeoutMs: 45_000,
      bodyTimeoutMs: 86_430_000,
    });
    expect(executeRequest({ command: 'true' }, MEDIA.json, ORIGIN).bodyTimeoutMs).toBe(330_000);
  });

  it.each([MEDIA.eventStream, MEDIA.ndjson])(
    'expect %s to begin at once, and never to miss three signs of life',
    (media) => {
      const stream = { headTimeoutMs: 10_000, silenceTimeoutMs: 45_000 };
      expect(executeRequest({ command: 'true' }, media, ORIGIN)).toMatchObject(stream);
      expect(executeRequest({ command: 'true' }, media, ORIGIN).bodyTimeoutMs).toBeUndefined();
      expect(eventsRequest('a', {}, media, ORIGIN)).toMatchObject(stream);
    },
  );

  it('give the notice that a client has disconnected, which nobody waits for, an end in all', () => {
    expect(disconnectRequest('a', ORIGIN)).toMatchObject({ headTimeoutMs: 10_000, bodyTimeoutMs: 10_000 });
  });

  it('carry the request id, and a trace context only where there is one', () => {
    expect(disconnectRequest('a', ORIGIN)).toMatchObject({
      method: 'POST',
      path: '/api/executions/a/left',
      headers: { 'x-request-id': 'r-1' },
    });
    expect(cancelRequest('a', { ...ORIGIN, trace: { traceparent: 't' } }).headers).toEqual({
      'x-request-id': 'r-1',
      traceparent: 't',
    });
  });

  it('never let an id out of its place in the path', () => {
    expect(cancelRequest('../left?a#b', ORIGIN).path).toBe('/api/executions/..%2Fleft%3Fa%23b');
  });
});
