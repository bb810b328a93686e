import type { PoolStatusDto } from '@warmbox/dto';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { poolStatusOf, type PoolFacts } from './pool.status.js';

let counter = 0;
const pod = (facts: Parameters<typeof aPod>[0]): Pod => aPod({ ready: true, ...facts, name: `p${(counter += 1)}` });
const warm = (): Pod => pod({ pool: 'warm' });
const status = (facts: Partial<PoolFacts>): PoolStatusDto =>
  poolStatusOf('kata', {
    pods: [],
    circuit: undefined,
    targetSize: 3,
    limit: 10,
    queued: 0,
    leader: true,
    now: Date.UTC(2025, 11, 31, 23, 59),
    ...facts,
  });
const unplaced = (): Pod => {
  const waiting = pod({ pool: 'warm', ready: undefined });
  const message = '0/1 nodes are available: 1 Insufficient cpu.';
  waiting.status!.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  return waiting;
};
const circuit = { template: 't', failures: 2, reason: 'They fail.', retryAt: Date.UTC(2026, 0, 1) };

describe('a pool’s status', () => {
  it('counts every sandbox once, by what it is', () => {
    const pods = [
      warm(),
      warm(),
      pod({ pool: 'warm', ready: undefined }),
      pod({ pool: 'allocated' }),
      pod({ pool: 'allocated', ready: false }),
      pod({ pool: 'manual' }),
      pod({ pool: 'manual', ready: undefined }),
      pod({ pool: 'warm', deletedAt: '2026-01-01T00:00:00Z' }),
      pod({ pool: 'allocated', phase: 'Failed' }),
      pod({ pool: 'manual', runtime: 'gvisor' }),
    ];
    expect(status({ pods, queued: 4, leader: false })).toEqual({
      creating: 1,
      warm: 2,
      allocated: 2,
      manual: 2,
      total: 9,
      targetSize: 3,
      limit: 10,
      limitUsed: 10,
      readyPercentage: 66.67,
      utilizationPercentage: 40,
      queued: 4,
      leader: false,
      state: 'limited',
    });
  });

  it.each<[string, Partial<PoolFacts>, Partial<PoolStatusDto>]>([
    [
      'is full with as many as there should be',
      { pods: [warm(), warm(), warm()] },
      { state: 'full', readyPercentage: 100 },
    ],
    ['is full at a limit that leaves no more room', { pods: [warm(), warm(), warm()], limit: 3 }, { state: 'full' }],
    ['is full where there should be none', { targetSize: 0 }, { state: 'full', readyPercentage: 100 }],
    ['is filling where there is room', { pods: [warm()] }, { state: 'filling', readyPercentage: 33.33 }],
    ['is limited where there is none', { pods: [warm()], limit: 1 }, { state: 'limited' }],
    [
      'is limited also by pods of other runtimes',
      { pods: [pod({ runtime: 'gvisor' })], limit: 1 },
      { state: 'limited', total: 0 },
    ],
    [
      'says why and until when it is backing off',
      { circuit },
      { state: 'backing-off', reason: 'They fail.', retryAt: '2026-01-01T00:00:00.000Z' },
    ],
    [
      'says why new ones fail also while old ones fill it',
      { pods: [warm(), warm(), warm()], circuit },
      { state: 'full', reason: 'They fail.' },
    ],
    [
      'says at once that no node has room for one, in its words',
      { pods: [warm(), unplaced()] },
      { state: 'limited', reason: 'Unschedulable: 0/1 nodes are available: 1 Insufficient cpu', creating: 1 },
    ],
    [
      'says why new ones fail before why there is no room for one',
      { pods: [warm(), unplaced()], circuit },
      { state: 'backing-off', reason: 'They fail.' },
    ],
    [
      'does not count a pod that is not Ready any more as warm',
      { pods: [pod({ pool: 'warm', ready: false })] },
      { warm: 0, state: 'filling' },
    ],
  ])('%s', (_what, facts, expected) => expect(status(facts)).toMatchObject(expected));

  it.each([
    ['while the next one is being tried', circuit.retryAt],
    ['that only a clock that was put back makes one', circuit.retryAt - 301_000],
  ])('tells no time %s', (_what, now) => {
    const told = status({ circuit, now });
    expect(told).toMatchObject({ state: 'backing-off', reason: 'They fail.' });
    expect(told).not.toHaveProperty('retryAt');
  });
});
