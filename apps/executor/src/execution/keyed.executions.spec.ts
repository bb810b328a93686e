import { ProblemError } from '@warmbox/platform';
import type { Execution } from './execution.js';
import { KeyedExecutions } from './keyed.executions.js';

describe('Executions by their keys', () => {
  let kept: Map<string, Execution>;
  let running: Set<string>;
  let keyed: KeyedExecutions;
  let started: number;

  beforeEach(() => {
    kept = new Map();
    running = new Set();
    started = 0;
    keyed = new KeyedExecutions({ find: (id) => kept.get(id), isRunning: (id) => running.has(id) }, 3);
  });

  const start = async (): Promise<Execution> => {
    started += 1;
    const execution = { id: `execution-${started}` } as Execution;
    await Promise.resolve();
    kept.set(execution.id, execution);
    return execution;
  };

  it('are started once, whether a request comes again later or at the same time', async () => {
    const both = await Promise.all([keyed.run('k', { a: 1 }, start), keyed.run('k', { a: 1 }, start)]);
    const later = await keyed.run('k', { a: 1 }, start);
    expect([...both, later].map(({ execution, isNew }) => [execution.id, isNew])).toEqual([
      ['execution-1', true],
      ['execution-1', false],
      ['execution-1', false],
    ]);
  });

  it('are not those of another key', async () => {
    await keyed.run('k', {}, start);
    expect((await keyed.run('l', {}, start)).isNew).toBe(true);
  });

  it('are refused to another body, also while they start', async () => {
    const first = keyed.run('k', { a: 1 }, start);
    const reused = { code: 'idempotency_key_reused' };
    await expect(keyed.run('k', { a: 2 }, start)).rejects.toMatchObject(reused);
    await first;
    await expect(keyed.run('k', { a: 2 }, start)).rejects.toMatchObject(reused);
    expect(started).toBe(1);
  });

  it('that cannot start are refused to all who ask, and may be tried again', async () => {
    const refuse = (): Promise<Execution> => Promise.reject(new ProblemError('cannot_start', 'No.'));
    const outcomes = await Promise.allSettled([keyed.run('k', {}, refuse), keyed.run('k', {}, refuse)]);
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect((await keyed.run('k', {}, start)).isNew).toBe(true);
  });

  it('are not started again where they are no longer kept', async () => {
    const { execution } = await keyed.run('k', {}, start);
    kept.delete(execution.id);
    await expect(keyed.run('k', {}, start)).rejects.toMatchObject({ code: 'output_gone', status: 410 });
    expect(started).toBe(1);
  });

  it('are forgotten from the oldest on once there are too many, but not while they run', async () => {
    running.add('execution-1');
    for (const key of ['a', 'b', 'c', 'd', 'e']) await keyed.run(key, {}, start);
    const isKnown = async (key: string): Promise<boolean> => !(await keyed.run(key, {}, start)).isNew;
    expect([await isKnown('a'), await isKnown('e'), await isKnown('d')]).toEqual([true, true, true]);
    expect([await isKnown('b'), await isKnown('c')]).toEqual([false, false]);
  });
});
