import { PROBLEM_STATUS, PROBLEM_TITLE } from '@warmbox/contracts';
import { ProblemError } from './problem.error.js';
import { problemDocument, toProblem } from './problem.document.js';

const withStatus = (statusCode: number): Error => Object.assign(new Error('what Fastify says'), { statusCode });

describe('toProblem', () => {
  it('leaves a problem what it is', () => {
    const problem = new ProblemError('conflict', 'x');
    expect(toProblem(problem)).toBe(problem);
  });

  it.each([
    [withStatus(413), 'too_large'],
    [withStatus(415), 'unsupported_media_type'],
    [withStatus(405), 'method_not_allowed'],
    [withStatus(418), 'invalid_request'],
  ])('takes the status of an error of the framework: %s', (thrown, code) => {
    expect(toProblem(thrown)).toMatchObject({ code, detail: thrown.message });
  });

  it.each([new Error('secret-of-the-inside'), withStatus(500), 'a string', undefined, null, { statusCode: '400' }])(
    'says nothing of what nobody expected: %p',
    (thrown) => {
      const problem = toProblem(thrown);
      expect(problem).toMatchObject({ code: 'internal', status: 500, cause: thrown });
      expect(JSON.stringify(problemDocument(problem, 'id'))).not.toMatch(/secret|Fastify/);
    },
  );
});

describe('problemDocument', () => {
  it('says what it is, and under which request', () => {
    const errors = [{ pointer: '/a', detail: 'must be a number' }];
    const problem = new ProblemError('invalid_request', 'a must be a number', { errors, cause: new Error('inner') });
    expect(JSON.parse(JSON.stringify(problemDocument(problem, 'the-id')))).toEqual({
      type: 'about:blank',
      title: 'The request is not valid',
      status: 400,
      code: 'invalid_request',
      detail: 'a must be a number',
      requestId: 'the-id',
      errors,
    });
  });

  it('has a title for every code, and no two codes of one title', () => {
    const titles = Object.keys(PROBLEM_STATUS).map((code) => PROBLEM_TITLE[code as keyof typeof PROBLEM_TITLE]);
    expect(titles.every((title) => title.length > 0)).toBe(true);
    expect(new Set(titles).size).toBe(titles.length);
  });
});
