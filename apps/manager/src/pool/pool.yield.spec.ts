import { aPod } from '@warmbox/testing';
import type { Pod } from '@warmbox/sandbox';
import { check } from './fixtures/plan.case.js';
import { creating, ended, old, ready, times } from './fixtures/plan.pods.js';
import { Scene } from './fixtures/leader.scene.js';
import type { Waiting } from './pool.yield.js';

/** A caller's sandbox that no node has room for; a warm one reserves 250 m and 128 Mi. */
function unplaced(name: string, cpuMillicores = 250, memoryMi = 128, why = 'Insufficient cpu'): Pod {
  const pod = aPod({ name, uid: name, pool: 'manual', requests: { cpuMillicores, memoryMi } });
  const message = `0/1 nodes are available: 1 ${why}. `;
  pod.status!.conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  return pod;
}

const waiting = (name: string, yielded = 0, isDue = true): Map<string, Waiting> =>
  new Map([[name, { yielded, isDue }]]);

describe('a pool on a cluster that is full', () => {
  it.each<[string, { pods: Pod[]; callers: Map<string, Waiting>; size?: number }, string[], Record<string, number>]>([
    [
      'gives up its youngest for a caller’s sandbox, and creates no other instead',
      {
        pods: [unplaced('c'), ready({ name: 'a', createdAt: '2026-01-01T11:00:00Z' }), ready({ name: 'b' })],
        callers: waiting('c'),
      },
      ['b yielded'],
      {},
    ],
    [
      'gives up one of another template first',
      { pods: [unplaced('c'), old({ name: 'a' }), ready({ name: 'b' }), ready(), ready()], callers: waiting('c') },
      // Its replacement is there: it is one more than there should be.
      ['a obsolete_template'],
      {},
    ],
    [
      'waits for what may be found without that',
      { pods: [unplaced('c'), ready(), ready()], callers: waiting('c', 0, false) },
      [],
      {},
    ],
    [
      'gives up one after the other for a larger one',
      { pods: [unplaced('c', 750), ready({ name: 'b' }), ready({ name: 'a' })], callers: waiting('c', 1) },
      ['b yielded'],
      {},
    ],
    [
      'gives up no more than what the caller’s reserves',
      { pods: [unplaced('c', 500), ready(), ready()], callers: waiting('c', 2) },
      [],
      {},
    ],
    [
      'gives up nothing for what would not fit even if all went, and is filled',
      { pods: [unplaced('c', 3_000), ready(), ready()], callers: waiting('c') },
      [],
      { kata: 1 },
    ],
    [
      'counts memory as well',
      { pods: [unplaced('c', 10, 600), ready(), ready()], callers: waiting('c') },
      [],
      { kata: 1 },
    ],
    [
      'has nothing to give where none is Ready, and is filled behind the caller',
      { pods: [unplaced('c'), creating()], callers: waiting('c') },
      [],
      { kata: 2 },
    ],
    [
      'does not take back what it gave while the caller waits',
      { pods: [unplaced('c')], callers: waiting('c', 1) },
      [],
      {},
    ],
  ])('%s', (_what, { pods, callers, size = 3 }, expected, create) => {
    check({ pods, size, expectations: { callers } }, { delete: expected, create });
  });

  it('is not to blame for a pod that its node has evicted, and is for one that failed', () => {
    const evicted = ended(5, { name: 'e' });
    evicted.status = { ...evicted.status, reason: 'Preempting', message: 'Preempted in order to admit critical pod' };
    const pods = [evicted, ended(5, { name: 'f' }), ...times(3, ready)];
    check({ pods }, { delete: ['e ended', 'f ended'], failures: ['f'] });
  });
});

describe('the leader of a pool on a cluster that is full', () => {
  it('makes room for a caller’s sandbox, waits for it to be placed, and fills the pool again', async () => {
    const scene = new Scene();
    await scene.lead();
    scene.makeReady();
    await scene.clock.advance(1_000);
    expect([scene.created.length, scene.deleted.length]).toEqual([3, 0]);
    scene.show(unplaced('caller'));
    await scene.clock.advance(900);
    expect(scene.deleted).toHaveLength(0);
    await scene.clock.advance(200);
    expect(scene.deleted).toHaveLength(1);
    await scene.clock.advance(30_000);
    expect([scene.created.length, scene.deleted.length]).toEqual([3, 1]);
    scene.show(aPod({ name: 'caller', uid: 'caller', pool: 'manual', nodeName: 'node-1' }));
    await scene.clock.advance(1_000);
    expect([scene.created.length, scene.deleted.length]).toEqual([4, 1]);
    scene.end();
    await scene.over;
  });

  it.each<[string, string, number]>([
    ['what a node has not enough of', 'Insufficient memory, 2 node(s) had untolerated taint {a: b}', 1],
    ['that a node has as many pods as it may', 'Too many pods', 1],
    ['that no node is of its kind', "node(s) didn't match Pod's node affinity/selector", 0],
    ['that nodes are closed to it', 'node(s) had untolerated taint {node.kubernetes.io/unschedulable: }', 0],
    ['something that warm ones do not have', 'Insufficient nvidia.com/gpu', 0],
  ])('where the scheduler says %s, gives up as many as help', async (_what, why, expected) => {
    const scene = new Scene();
    await scene.lead();
    scene.makeReady();
    scene.show(unplaced('caller', 250, 128, why));
    await scene.clock.advance(20_000);
    expect(scene.deleted).toHaveLength(expected);
    scene.end();
    await scene.over;
  });
});
