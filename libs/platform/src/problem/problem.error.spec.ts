import { ProblemError } from './problem.error.js';

describe('ProblemError', () => {
  it('takes its status from the table of codes', () => {
    expect(new ProblemError('sandbox_not_found', 'x').status).toBe(404);
    expect(new ProblemError('limit_reached', 'x').status).toBe(429);
  });

  it.each(['limit_reached', 'rate_limited', 'not_synced', 'kubernetes_unavailable'] as const)(
    'carries Retry-After with %s even where nobody gave one',
    (code) => {
      expect(new ProblemError(code, 'x').headers).toEqual({ 'retry-after': '1' });
    },
  );

  it('carries none with other codes unless it is given', () => {
    expect(new ProblemError('invalid_request', 'x').headers).toEqual({});
    expect(new ProblemError('conflict', 'x', { retryAfterSeconds: 2 }).headers).toEqual({ 'retry-after': '2' });
  });

  it('rounds Retry-After up to whole seconds, beside other headers', () => {
    const { headers } = new ProblemError('not_synced', 'x', { retryAfterSeconds: 0.2, headers: { allow: 'GET' } });
    expect(headers).toEqual({ allow: 'GET', 'retry-after': '1' });
  });

  it('keeps its cause for the log', () => {
    const cause = new Error('inner');
    expect(new ProblemError('internal', 'x', { cause }).cause).toBe(cause);
  });
});
