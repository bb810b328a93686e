import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { failureOf, lossOf, notReady } from './executor.failure.js';

const NAME = 'kata-sandbox-7g4kx2p9';
const error = (code: string): Error => Object.assign(new Error(code), { code });
const ready = aPod({ ready: true });
const ended = aPod({ ready: true, phase: 'Failed' });
const terminating = aPod({ ready: true, deletedAt: '2026-01-01T00:01:00Z' });

describe('failureOf', () => {
  it.each<[string, string, Pod | undefined, string]>([
    ['a refused connection', 'ECONNREFUSED', ready, 'not_ready'],
    ['a refused connection of a sandbox that is being deleted', 'ECONNREFUSED', terminating, 'not_ready'],
    ['any failure of a sandbox that is being deleted', 'ECONNRESET', terminating, 'not_ready'],
    ['any failure of a sandbox that has ended', 'ECONNRESET', ended, 'not_ready'],
    ['any failure of a sandbox that is gone', 'ECONNREFUSED', undefined, 'sandbox_gone'],
    ['a connection that does not come about', 'UND_ERR_CONNECT_TIMEOUT', ready, 'executor_timeout'],
    ['an answer that does not come', 'UND_ERR_HEADERS_TIMEOUT', ready, 'executor_timeout'],
    ['a reset', 'ECONNRESET', ready, 'executor_unreachable'],
    ['no way to the host', 'EHOSTUNREACH', ready, 'executor_unreachable'],
  ])('tells of %s (%s)', (_, code, pod, expected) => {
    expect(failureOf(error(code), pod, NAME)).toMatchObject({ code: expected });
  });

  it('leaves a problem as it is', () => {
    const problem = new ProblemError('shutting_down', 'x');
    expect(failureOf(problem, undefined, NAME)).toBe(problem);
    expect(lossOf(problem, undefined, NAME)).toBe(problem);
  });
});

describe('lossOf', () => {
  it.each<[string, string, Pod | undefined, string]>([
    ['a reset', 'ECONNRESET', ready, 'executor_unreachable'],
    ['silence', 'UND_ERR_BODY_TIMEOUT', ready, 'executor_timeout'],
    ['the end of the sandbox', 'UND_ERR_SOCKET', ended, 'executor_unreachable'],
    ['its deletion', 'UND_ERR_SOCKET', terminating, 'sandbox_gone'],
    ['its having been deleted', 'UND_ERR_BODY_TIMEOUT', undefined, 'sandbox_gone'],
  ])('tells of %s (%s)', (_, code, pod, expected) => {
    expect(lossOf(error(code), pod, NAME)).toMatchObject({ code: expected });
  });
});

describe('notReady', () => {
  it('says why, and what to do', () => {
    expect(notReady(aPod()).detail).toContain('does not take commands yet');
    expect(notReady(ended).detail).toContain('has ended');
    expect(notReady(terminating).detail).toContain('is being deleted');
  });
});
