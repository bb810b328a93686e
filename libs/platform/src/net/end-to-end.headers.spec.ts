import { endToEnd } from './end-to-end.headers.js';

describe('headers that are passed on', () => {
  it('are those for the other end', () => {
    const headers = {
      connection: 'keep-alive, X-Own , upgrade',
      'keep-alive': 'timeout=5',
      'x-own': 'of this connection',
      te: 'trailers',
      'transfer-encoding': 'chunked',
      upgrade: 'websocket',
      expect: '100-continue',
      'proxy-authorization': 'Basic a',
      'set-cookie': ['a=1', 'b=2'],
      etag: '"1"',
      missing: undefined,
    };
    expect(endToEnd(headers)).toEqual({ 'set-cookie': ['a=1', 'b=2'], etag: '"1"' });
  });

  it('may be fewer, never more', () => {
    expect(endToEnd({ range: 'bytes=0-', cookie: 'a', te: 'b' }, (name) => name !== 'cookie')).toEqual({
      range: 'bytes=0-',
    });
    expect(endToEnd({ te: 'b' }, () => true)).toEqual({});
  });
});
