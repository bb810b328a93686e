import { ProblemError } from '@warmbox/platform';
import { KubeApiError, KubeUnreachableError } from './kube.error.js';
import { kubeProblem } from './kube.problem.js';

const answer = (status: number, retryAfter?: number): KubeApiError =>
  new KubeApiError(status, { message: 'secret-detail of the API server' }, 'GET /api/v1/secret-path', retryAfter);

describe('kubeProblem', () => {
  it.each([
    ['no answer', new KubeUnreachableError('GET /x', new Error('ECONNREFUSED')), '2'],
    ['500', answer(500), '2'],
    ['503 that asks for 9 s', answer(503, 9), '9'],
    ['429', answer(429), '2'],
    ['401', answer(401), '30'],
    ['403', answer(403), '30'],
  ])('makes 503 kubernetes_unavailable of %s', (_name, error, retryAfter) => {
    const problem = kubeProblem(error);
    expect(problem).toMatchObject({ code: 'kubernetes_unavailable', status: 503, cause: error });
    expect(problem.headers['retry-after']).toBe(retryAfter);
  });

  it('names RBAC where our own credentials are refused', () => {
    expect(kubeProblem(answer(403)).detail).toContain('RBAC');
  });

  it.each([404, 409, 422, 400])('makes internal of a %i that nobody has judged', (status) => {
    expect(kubeProblem(answer(status))).toMatchObject({ code: 'internal', status: 500 });
  });

  it('never repeats what the API server said', () => {
    for (const status of [401, 403, 404, 409, 422, 429, 500]) {
      expect(kubeProblem(answer(status)).detail).not.toContain('secret');
    }
  });

  it('leaves a problem what it is', () => {
    const problem = new ProblemError('limit_reached', 'full');
    expect(kubeProblem(problem)).toBe(problem);
  });
});
