import { ANNOTATION, EXECUTOR, LABEL, type Pod } from '@warmbox/sandbox';
import { aPod, type PodFacts } from '@warmbox/testing';
import type { Circuit } from './pool.circuit.js';
import { plan, type Expectations, type PlanOptions } from './pool.plan.js';

const NOW = Date.UTC(2026, 0, 1, 12);
const NOTHING: Expectations = { creations: [], deletions: new Set(), removed: new Map(), rooms: new Set() };
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString().replace('.000', '');

const age = ({ metadata }: Pod): number => NOW - Date.parse(metadata?.creationTimestamp ?? '');

let counter = 0;

interface Facts extends PodFacts {
  template?: string;
}

/** A pod of the pool `kata`, of the current template, created a minute ago. */
function warmPod({ template = 'now', ...facts }: Facts = {}): Pod {
  const name = facts.name ?? `pod-${String((counter += 1)).padStart(5, '0')}`;
  const pod = aPod({ pool: 'warm', createdAt: ago(60), ...facts, name });
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, [LABEL.template]: template } } };
}

const ready = (facts: Facts = {}): Pod => warmPod({ ready: true, ...facts });
const old = (facts: Facts = {}): Pod => ready({ template: 'before', ...facts });
const creating = (facts: Facts = {}): Pod => warmPod({ createdAt: ago(10), ...facts });
/** Was Ready, and has not been for so many seconds. */
function wavering(seconds: number, facts: Facts = {}): Pod {
  const pod = warmPod({ ready: false, createdAt: ago(3_600), ...facts });
  return {
    ...pod,
    status: { ...pod.status, conditions: [{ type: 'Ready', status: 'False', lastTransitionTime: ago(seconds) }] },
  };
}
/** Its container ended so many seconds after its creation. */
function ended(seconds: number, facts: Facts): Pod {
  const pod = warmPod({ phase: 'Failed', ...facts });
  const finishedAt = new Date(Date.parse(pod.metadata?.creationTimestamp ?? '') + seconds * 1000).toISOString();
  const containerStatuses = [{ name: EXECUTOR, state: { terminated: { exitCode: 1, finishedAt } } }];
  return { ...pod, status: { ...pod.status, containerStatuses } as Pod['status'] };
}
const terminating = (facts: Facts = {}): Pod => ready({ deletedAt: ago(1), ...facts });
const allocated = (facts: Facts = {}): Pod => ready({ pool: 'allocated', userId: 'ada', ...facts });
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

interface Case {
  pods?: Pod[];
  /** Of the pool `kata`. */
  size?: number;
  options?: Partial<PlanOptions>;
  expectations?: Partial<Expectations>;
  circuits?: Record<string, Partial<Circuit>>;
  now?: number;
  ageOf?: (pod: Pod) => number;
}

function planned({
  pods = [],
  size = 3,
  options = {},
  expectations = {},
  circuits = {},
  now = NOW,
  ageOf = age,
}: Case): {
  create: Record<string, number>;
  delete: string[];
  failures: string[];
  recovered: string[];
  dueInMs: number;
} {
  const known = Object.entries(circuits).map(([runtime, circuit]): [string, Circuit] => [
    runtime,
    { template: 'now', failures: 1, reason: 'They fail.', retryAt: NOW + 60_000, ...circuit },
  ]);
  const result = plan(
    { pods, circuits: new Map(known), ageOf },
    { ...NOTHING, ...expectations },
    {
      maxTotalContainers: 50,
      maxConcurrentCreates: 10,
      podReadyTimeoutSeconds: 90,
      runtimes: [{ name: 'kata', size, template: 'now' }],
      ...options,
    },
    now,
  );
  return {
    create: Object.fromEntries(result.create),
    delete: result.delete.map(({ pod, cause }) => `${pod.metadata?.name ?? ''} ${cause}`),
    failures: result.delete.filter(({ isFailure }) => isFailure).map(({ pod }) => pod.metadata?.name ?? ''),
    recovered: result.recovered,
    dueInMs: result.dueInMs,
  };
}

type Expected = Partial<ReturnType<typeof planned>>;

/** What is not mentioned of creations and deletions must not be there. */
function check(scene: Case, expected: Expected): void {
  const whole: Expected = { create: {}, delete: [], ...expected };
  const result: Expected = planned(scene);
  const compared = Object.fromEntries(Object.entries(result).filter(([key]) => key in whole));
  expect(compared).toEqual(whole);
}

describe('the plan for one pool', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['fills an empty pool', {}, { create: { kata: 3 } }],
    ['leaves a full pool alone', { pods: times(3, ready) }, {}],
    ['wants nothing where the size is 0', { size: 0 }, {}],
    ['counts what is creating', { pods: [ready(), creating()] }, { create: { kata: 1 } }],
    [
      'counts creations that the watch has not shown',
      { pods: [ready()], expectations: { creations: ['kata'] } },
      { create: { kata: 1 } },
    ],
    ['creates nothing twice, however slow the watch is', { expectations: { creations: ['kata', 'kata', 'kata'] } }, {}],
    [
      'does not count expected creations of another runtime',
      { expectations: { creations: ['gvisor'] } },
      { create: { kata: 3 } },
    ],
    [
      'replaces a pod at the moment that it is allocated',
      { pods: [ready(), ready(), allocated()] },
      { create: { kata: 1 } },
    ],
    [
      'replaces a pod at the moment that its deletion begins',
      { pods: [ready(), ready(), terminating()] },
      { create: { kata: 1 } },
    ],
    [
      'does not take manual sandboxes for warm ones',
      { pods: times(3, () => ready({ pool: 'manual' })) },
      { create: { kata: 3 } },
    ],
    [
      'does not take another runtime’s for its own',
      { pods: times(3, () => ready({ runtime: 'gvisor', pool: 'manual' })) },
      { create: { kata: 3 } },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('the limit', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['leaves room for no more than there is', { pods: times(48, allocated) }, { create: { kata: 2 } }],
    ['leaves no room when it is reached', { pods: times(50, allocated) }, {}],
    ['is not made up for by deletions when it is passed', { pods: [...times(60, allocated), ready()] }, {}],
    [
      'counts terminating pods of anybody',
      { pods: times(49, () => terminating({ pool: 'allocated' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts pods that have ended',
      { pods: times(49, () => ready({ pool: 'manual', phase: 'Succeeded' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts sandboxes of runtimes that are not configured',
      { pods: times(49, () => ready({ runtime: 'gone', pool: 'manual' })) },
      { create: { kata: 1 } },
    ],
    [
      'counts creations of all runtimes that the watch has not shown',
      { pods: times(47, allocated), expectations: { creations: ['gvisor', 'kata'] } },
      { create: { kata: 1 } },
    ],
    ['lets so many creations be under way at once', { size: 30 }, { create: { kata: 10 } }],
    [
      'counts those under way that the watch has not shown',
      { size: 30, expectations: { creations: times(8, () => 'kata') } },
      { create: { kata: 2 } },
    ],
    ['does not count pods that exist as under way', { size: 30, pods: times(15, creating) }, { create: { kata: 10 } }],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('several pools under one limit', () => {
  const two = (a: number, b: number): Partial<PlanOptions> => ({
    runtimes: [
      { name: 'kata', size: a, template: 'now' },
      { name: 'gvisor', size: b, template: 'now' },
    ],
  });
  const gvisor = (): Pod => ready({ runtime: 'gvisor' });

  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['are both filled where there is room', { options: two(3, 4) }, { create: { kata: 3, gvisor: 4 } }],
    [
      'share short room by what is missing of the whole',
      { options: two(8, 2), pods: times(45, allocated) },
      { create: { kata: 4, gvisor: 1 } },
    ],
    [
      'get the last place for the one of which more is missing',
      { options: two(4, 4), pods: [...times(46, allocated), ready(), ready(), gvisor()] },
      { create: { gvisor: 1 } },
    ],
    [
      'get the last place by name where both miss the same',
      { options: two(4, 4), pods: times(49, allocated) },
      { create: { gvisor: 1 } },
    ],
    [
      'share the creations under way too',
      { options: { ...two(20, 20), maxConcurrentCreates: 4 } },
      { create: { gvisor: 2, kata: 2 } },
    ],
    [
      'give the room of one whose circuit is open to the other',
      { options: two(8, 2), pods: times(48, allocated), circuits: { kata: {} } },
      { create: { gvisor: 2 } },
    ],
    [
      'put what is missing before replacements',
      { options: two(2, 4), pods: [...times(44, allocated), old(), old(), gvisor(), gvisor(), gvisor()] },
      { create: { gvisor: 1 } },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('pods that are no good', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[]; failures?: string[] }]>([
    [
      'that were not Ready in time are deleted, and are failures',
      { pods: [ready(), ready(), creating({ name: 'late', createdAt: ago(90) })] },
      { create: { kata: 1 }, delete: ['late never_ready'], failures: ['late'] },
    ],
    ['have all the time that they have', { pods: [ready(), ready(), creating({ createdAt: ago(89) })] }, {}],
    [
      'are not out of time by what a clock says that is ahead',
      { pods: [ready(), ready(), creating({ createdAt: ago(3_600) })], ageOf: () => 89_999 },
      {},
    ],
    [
      'that ended young are failures, whatever a clock says that is ahead',
      {
        pods: [ready(), ready(), ended(5, { name: 'ended', createdAt: ago(3_600) })],
      },
      { create: { kata: 1 }, delete: ['ended ended'], failures: ['ended'] },
    ],
    [
      'that ended after their time to get Ready are no failures, however late that is seen',
      { pods: [ready(), ready(), ended(90, { name: 'ended', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that ended are deleted',
      { pods: [ready(), ready(), ready({ name: 'ended', phase: 'Failed', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that completed are deleted',
      { pods: [ready(), ready(), ready({ name: 'ended', phase: 'Succeeded', createdAt: ago(3_600) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: [] },
    ],
    [
      'that ended young are failures',
      { pods: [ready(), ready(), warmPod({ name: 'ended', phase: 'Failed', createdAt: ago(5) })] },
      { create: { kata: 1 }, delete: ['ended ended'], failures: ['ended'] },
    ],
    [
      'are left to whoever has them where they are not warm',
      {
        pods: [
          ...times(3, ready),
          allocated({ phase: 'Failed' }),
          ready({ pool: 'manual', ready: false, createdAt: ago(999) }),
        ],
      },
      {},
    ],
    ['are deleted once', { pods: [...times(3, ready), terminating({ phase: 'Failed' })] }, {}],
    [
      'are not deleted again while the deletion does not show',
      {
        pods: [...times(3, ready), creating({ name: 'x', uid: 'uid-x', createdAt: ago(900) })],
        expectations: { deletions: new Set(['uid-x']) },
      },
      {},
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('warm pods that are not Ready any more', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[]; failures?: string[] }]>([
    ['are replaced first', { pods: [ready(), ready(), wavering(5)] }, { create: { kata: 1 }, delete: [] }],
    ['are not replaced where there is no room', { pods: [...times(47, allocated), ready(), ready(), wavering(5)] }, {}],
    [
      'are removed after a minute, and are no failures',
      { pods: [...times(3, ready), wavering(60, { name: 'gone' })] },
      { delete: ['gone not_ready'], failures: [] },
    ],
    ['are kept until then', { pods: [...times(3, ready), wavering(59)] }, {}],
    [
      'are removed a quarter of the pool a minute, the oldest first',
      {
        size: 8,
        pods: times(8, () => wavering(600)).map((pod, n) => ({ ...pod, metadata: { ...pod.metadata, name: `w${n}` } })),
      },
      { create: { kata: 8 }, delete: ['w0 not_ready', 'w1 not_ready'] },
    ],
    [
      'are removed no faster when some were removed just now',
      { size: 8, pods: times(8, () => wavering(600)), expectations: { removed: new Map([['kata', 2]]) } },
      { create: { kata: 8 }, delete: [] },
    ],
    [
      'are removed one a minute from a small pool',
      { size: 2, pods: [wavering(600, { name: 'a0' }), wavering(600)] },
      { create: { kata: 2 }, delete: ['a0 not_ready'] },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));

  it('leave a surplus when they come back, of which the youngest go', () => {
    const pods = [
      ready({ name: 'back', createdAt: ago(3_600) }),
      ready({ name: 'first', createdAt: ago(100) }),
      ready({ name: 'second', createdAt: ago(50) }),
      ready({ name: 'third', createdAt: ago(40) }),
    ];
    check({ pods }, { delete: ['third surplus'] });
  });
});

describe('a surplus', () => {
  it.each<[string, Case, string[]]>([
    [
      'goes from what is not Ready yet first',
      { size: 2, pods: [ready(), ready(), creating({ name: 'c' })] },
      ['c surplus'],
    ],
    [
      'goes to the last pod where the size is 0',
      { size: 0, pods: [ready({ name: 'a' }), creating({ name: 'b' })] },
      ['a surplus', 'b surplus'],
    ],
    ['is not what is only expected', { size: 1, pods: [ready()], expectations: { creations: ['kata'] } }, []],
    [
      'of a runtime that is configured no more goes whole',
      { pods: [...times(3, ready), ready({ name: 'a', runtime: 'gone' }), terminating({ runtime: 'gone' })] },
      ['a unknown_runtime'],
    ],
    [
      'is nobody’s sandbox',
      { size: 0, pods: [allocated(), ready({ pool: 'manual' }), allocated({ runtime: 'gone' })] },
      [],
    ],
  ])('%s', (_what, scene, expected) => check(scene, { delete: expected }));
});

describe('a change of the template', () => {
  it.each<[string, Case, { create?: Record<string, number>; delete?: string[] }]>([
    ['creates the new ones first, and keeps the old ones', { pods: times(3, old) }, { create: { kata: 3 } }],
    [
      'takes an old one away for each new one that is Ready, the oldest first',
      { pods: [old({ name: 'older', createdAt: ago(200) }), old(), old(), ready(), creating(), creating()] },
      { delete: ['older obsolete_template'] },
    ],
    [
      'is over when the last old one goes',
      { pods: [old({ name: 'o' }), ...times(3, ready)] },
      { delete: ['o obsolete_template'] },
    ],
    [
      'does not wait for old ones that are not Ready yet',
      { pods: [...times(3, old), creating({ name: 'o', template: 'before' })] },
      { create: { kata: 3 }, delete: ['o obsolete_template'] },
    ],
    ['deletes no old one before a new one is Ready', { pods: [...times(3, old), ...times(3, creating)] }, {}],
    ['uses the room that there is', { pods: [...times(46, allocated), ...times(3, old)] }, { create: { kata: 1 } }],
    [
      'makes room one by one where there is none',
      { pods: [...times(47, allocated), old({ name: 'a' }), old({ name: 'b' }), old({ name: 'c' })] },
      { delete: ['a obsolete_template'] },
    ],
    [
      'waits for the room that is being made',
      { pods: [...times(47, allocated), terminating({ template: 'before' }), old(), old()] },
      {},
    ],
    [
      'waits for the deletion that does not show',
      { pods: [...times(47, allocated), old({ uid: 'x' }), old(), old()], expectations: { deletions: new Set(['x']) } },
      {},
    ],
    [
      'waits for the new one before it makes room again',
      { pods: [...times(47, allocated), creating(), old(), old()] },
      {},
    ],
    [
      'waits for the new one that does not show',
      { pods: [...times(47, allocated), old(), old()], expectations: { creations: ['kata'] } },
      {},
    ],
    [
      'makes room again when the new one is Ready',
      { pods: [...times(47, allocated), ready(), old({ name: 'b' }), old({ name: 'c' })] },
      { delete: ['b obsolete_template'] },
    ],
    ['never takes the last Ready pod to make room', { pods: [...times(49, allocated), old()] }, {}],
    ['keeps a pool of one until there is room', { size: 1, pods: [...times(49, allocated), old()] }, {}],
    [
      'replaces a pool of one first when there is',
      { size: 1, pods: [...times(48, allocated), old()] },
      { create: { kata: 1 } },
    ],
    [
      'makes no room for a template that fails',
      { pods: [...times(47, allocated), ...times(3, old)], circuits: { kata: {} } },
      {},
    ],
    [
      'is not held back by what failed before it',
      { pods: times(3, old), circuits: { kata: { template: 'before' } } },
      { create: { kata: 3 } },
    ],
    [
      'makes room where another pool misses more, which does not get it',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { delete: ['a obsolete_template'] },
    ],
    [
      'fills the room that it made, though another pool misses more',
      {
        pods: [...times(47, allocated), old(), old()],
        expectations: { rooms: new Set(['kata']) },
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { create: { kata: 1 } },
    ],
    [
      'has of two places only the one that it made',
      {
        pods: [...times(46, allocated), old(), old()],
        expectations: { rooms: new Set(['kata']) },
        options: {
          runtimes: [
            { name: 'kata', size: 4, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
      },
      { create: { kata: 1, gvisor: 1 } },
    ],
    [
      'makes no more room while others have taken what it made',
      { pods: [...times(48, allocated), old(), old()], expectations: { rooms: new Set(['kata']) } },
      {},
    ],
    [
      'makes room where sandboxes were taken from the pool, which is less than whole for that',
      { pods: [...times(48, allocated), old({ name: 'a' }), old()] },
      { delete: ['a obsolete_template'] },
    ],
    [
      'makes room again when the pool is whole all the same',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        expectations: { rooms: new Set(['kata']) },
      },
      { delete: ['a obsolete_template'] },
    ],
    [
      'gives up nothing where the limit is passed, so that no place would come of it',
      {
        pods: [...times(49, allocated), old(), old(), old()],
      },
      {},
    ],
    [
      'makes room although another pool is short, where that one cannot use it',
      {
        pods: [...times(47, allocated), old({ name: 'a' }), old(), old()],
        options: {
          runtimes: [
            { name: 'kata', size: 3, template: 'now' },
            { name: 'gvisor', size: 2, template: 'now' },
          ],
        },
        circuits: { gvisor: {} },
      },
      { delete: ['a obsolete_template'] },
    ],
  ])('%s', (_what, scene, expected) => check(scene, expected));
});

describe('a circuit that is open', () => {
  it.each<[string, Case, { create?: Record<string, number>; recovered?: string[] }]>([
    ['lets nothing be created', { circuits: { kata: {} } }, {}],
    ['lets one be tried when its time has come', { circuits: { kata: { retryAt: NOW } } }, { create: { kata: 1 } }],
    ['lets one be tried at a time', { pods: [creating()], circuits: { kata: { retryAt: NOW - 1 } } }, {}],
    [
      'lets one be tried at a time that does not show',
      { expectations: { creations: ['kata'] }, circuits: { kata: { retryAt: NOW - 1 } } },
      {},
    ],
    [
      'does not wait for a time that a clock put back has made a day away',
      { circuits: { kata: { retryAt: NOW + 86_400_000 } } },
      { create: { kata: 1 } },
    ],
    ['is another runtime’s business', { circuits: { gvisor: {} } }, { create: { kata: 3 } }],
    ['is another template’s business', { circuits: { kata: { template: 'before' } } }, { create: { kata: 3 } }],
    [
      'has done its work when the pool is full',
      { pods: times(3, ready), circuits: { kata: {} } },
      { recovered: ['kata'] },
    ],
    ['has not when only old ones fill it', { pods: times(3, old), circuits: { kata: {} } }, { recovered: [] }],
  ])('%s', (_what, scene, expected) => check(scene, { recovered: [], ...expected }));
});

describe('the next plan is due', () => {
  it.each<[string, Case, number]>([
    ['never, where only changes matter', { pods: times(3, ready) }, Infinity],
    ['when a pod runs out of time', { pods: [ready(), ready(), creating({ createdAt: ago(30) })] }, 60_000],
    ['when it does so by its age', { pods: [ready(), ready(), creating()], ageOf: () => 10_000 }, 80_000],
    ['when a pod has not been Ready for a minute', { pods: [...times(3, ready), wavering(45)] }, 15_000],
    ['when a circuit lets the next one be tried', { circuits: { kata: { retryAt: NOW + 7_000 } } }, 7_000],
    [
      'at the first of these',
      { pods: [creating({ createdAt: ago(89) }), wavering(10)], circuits: { kata: {} } },
      1_000,
    ],
  ])('%s', (_what, scene, ms) => expect(planned(scene).dueInMs).toBe(ms));
});

it('the annotations of a pod say nothing of its template', () => {
  const pod = ready();
  pod.metadata!.annotations![ANNOTATION.createdBy] = 'somebody else';
  check({ pods: [pod, ready(), ready()] }, {});
});
