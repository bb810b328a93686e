import type { ProblemError } from '@warmbox/platform';
import { problemOfExecutor, type Refusal } from './executor.problem.js';

const refused = (status: number, text: string, further: Partial<Refusal> = {}): ProblemError =>
  problemOfExecutor({ status, headers: {}, text, method: 'GET', ...further });

const problem = (document: unknown): string => JSON.stringify(document);

describe('problemOfExecutor', () => {
  it('passes on what an executor may refuse with, and every violation', () => {
    const errors = [{ pointer: '/cwd', detail: 'must be a string' }];
    const passed = refused(400, problem({ code: 'invalid_request', detail: 'no', errors }));
    expect(passed).toMatchObject({ code: 'invalid_request', status: 400, detail: 'no', errors });
    expect(refused(404, problem({ code: 'execution_not_found', detail: 'x' }))).toMatchObject({
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
    expect(refused(400, text)).toMatchObject({ code: 'executor_unreachable', status: 502 });
  });

  it('passes on no more than a reader can use', () => {
    const errors = [...Array<unknown>(200).fill({ pointer: '/a', detail: 'y'.repeat(5_000) }), 'none', { pointer: 1 }];
    const passed = refused(409, problem({ code: 'conflict', detail: 'z'.repeat(10_000), errors }));
    expect(passed.detail).toHaveLength(2_000);
    expect(passed.errors).toHaveLength(100);
    expect(passed.errors?.[0]?.detail).toHaveLength(2_000);
  });

  it('passes on how long a file is that has no such bytes, and nothing that only looks like it', () => {
    const text = problem({ code: 'range_not_satisfiable', detail: 'x' });
    const headersOf = (range: string): unknown => refused(416, text, { headers: { 'content-range': range } }).headers;
    expect(headersOf('bytes */12')).toEqual({ 'content-range': 'bytes */12', 'accept-ranges': 'bytes' });
    expect(headersOf('bytes */1\r\nx: y')).toEqual({});
  });

  it('goes by the status of what is refused without a document, HEAD', () => {
    const head = { method: 'HEAD' };
    expect([404, 403, 409, 412, 507].map((status) => refused(status, '', head).status)).toEqual([
      404, 403, 409, 412, 507,
    ]);
    expect(refused(418, '', head)).toMatchObject({ code: 'executor_unreachable' });
  });
});
