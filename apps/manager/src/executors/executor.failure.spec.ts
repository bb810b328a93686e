import { ProblemError } from '@warmbox/platform';
import { aPod } from '@warmbox/testing';
import { failureOf, lossOf, notReady } from './executor.failure.js';

const NAME = 'kata-sandbox-7g4kx2p9';
const error = (code: string): Error => Object.assign(new Error(code), { code });

describe('failureOf', () => {
  it.each<[string, string, string]>([
    ['a connection that does not come about', 'UND_ERR_CONNECT_TIMEOUT', 'executor_timeout'],
    ['an answer that does not come', 'UND_ERR_HEADERS_TIMEOUT', 'executor_timeout'],
    ['a reset', 'ECONNRESET', 'executor_unreachable'],
    ['no way to the host', 'EHOSTUNREACH', 'executor_unreachable'],
  ])('tells of %s (%s)', (_, code, expected) => {
    expect(failureOf(error(code), NAME)).toMatchObject({ code: expected });
  });

  it('leaves a problem as it is', () => {
    const problem = new ProblemError('shutting_down', 'x');
    expect(failureOf(problem, NAME)).toBe(problem);
    expect(lossOf(problem, NAME)).toBe(problem);
  });
});

describe('lossOf', () => {
  it.each<[string, string, string]>([
    ['a reset', 'ECONNRESET', 'executor_unreachable'],
    ['silence', 'UND_ERR_BODY_TIMEOUT', 'executor_timeout'],
  ])('tells of %s (%s)', (_, code, expected) => {
    expect(lossOf(error(code), NAME)).toMatchObject({ code: expected });
  });
});

describe('notReady', () => {
  it('says why, and what to do', () => {
    expect(notReady(aPod()).detail).toContain('does not take commands yet');
    const terminating = aPod({ ready: true, deletedAt: '2026-01-01T00:01:00Z' });
    expect(notReady(terminating).detail).toContain('is being deleted');
  });

  it('says of what a sandbox has ended, for programs too', () => {
    const ended = aPod({ ready: true, phase: 'Failed' });
    ended.status = { ...ended.status, reason: 'Evicted', message: 'The node was low on resource: memory. ' };
    expect(notReady(ended)).toMatchObject({
      detail: `Sandbox ${NAME} has ended (Evicted: The node was low on resource: memory): delete it and create another one.`,
      members: { cause: 'evicted' },
    });
  });
});
