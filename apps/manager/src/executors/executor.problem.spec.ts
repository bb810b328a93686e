import { problemOfExecutor } from './executor.problem.js';

const problem = (document: unknown): string => JSON.stringify(document);

describe('problemOfExecutor', () => {
  it('passes on what an executor may refuse with, and every violation', () => {
    const errors = [{ pointer: '/cwd', detail: 'must be a string' }];
    const passed = problemOfExecutor(400, problem({ code: 'invalid_request', detail: 'no', errors }));
    expect(passed).toMatchObject({ code: 'invalid_request', status: 400, detail: 'no', errors });
    expect(problemOfExecutor(404, problem({ code: 'execution_not_found', detail: 'x' }))).toMatchObject({
      status: 404,
    });
  });

  it.each([
    ['a code that is the manager’s to give', problem({ code: 'unauthenticated', detail: 'x' })],
    ['a code that nobody knows', problem({ code: 'toString', detail: 'x' })],
    ['no code', problem({ detail: 'x' })],
    ['a list', '[]'],
    ['null', 'null'],
    ['nothing', ''],
    ['half of a document', '{"code":"conf'],
  ])('is a fault between executor and manager where the answer has %s', (_, text) => {
    expect(problemOfExecutor(400, text)).toMatchObject({ code: 'executor_unreachable', status: 502 });
  });

  it('passes on no more than a reader can use', () => {
    const errors = [...Array<unknown>(200).fill({ pointer: '/a', detail: 'y'.repeat(5_000) }), 'none', { pointer: 1 }];
    const passed = problemOfExecutor(409, problem({ code: 'conflict', detail: 'z'.repeat(10_000), errors }));
    expect(passed.detail).toHaveLength(2_000);
    expect(passed.errors).toHaveLength(100);
    expect(passed.errors?.[0]?.detail).toHaveLength(2_000);
  });
});
