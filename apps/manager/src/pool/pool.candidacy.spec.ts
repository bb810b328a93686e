import type { Lease } from '@warmbox/sandbox';
import { FakeClock } from '@warmbox/testing';
import { PoolCandidacy } from './pool.candidacy.js';
import { decodeDesired, TEMPLATE_ANNOTATION } from './pool.template.js';

const clock = new FakeClock();
let lease: Lease | undefined;

interface State {
  listening: boolean;
  isCurrent: boolean;
}

/** A manager that starts now, with this image in its template, pool size and limit. */
function manager(
  image: string,
  size = 1,
  maxTotalContainers = 50,
  state: State = { listening: true, isCurrent: true },
): PoolCandidacy {
  const pods = { templates: [{ name: 'kata', size, template: image }] };
  const store = { isCurrent: () => state.isCurrent };
  return new PoolCandidacy(pods, state, store, { maxTotalContainers }, clock);
}

/** What the elector does with the answers: annotations are written, and who should not lead does not. */
function consider(candidacy: PoolCandidacy, isAcquiring = false): { leads: boolean; annotated: boolean } {
  const annotations = candidacy.annotations(lease, isAcquiring);
  if (Object.keys(annotations).length > 0)
    lease = { metadata: { annotations: { ...lease?.metadata?.annotations, ...annotations } } };
  return { leads: candidacy.shouldLead(lease), annotated: Object.keys(annotations).length > 0 };
}

beforeEach(() => (lease = undefined));

describe('two versions of the manager', () => {
  it('hand over to the newer one, once', async () => {
    const before = manager('v1');
    expect(consider(before, true)).toEqual({ leads: true, annotated: true });
    await clock.advance(60_000);
    const after = manager('v2');
    await clock.advance(1_000);
    expect(consider(after)).toEqual({ leads: true, annotated: true });
    for (let round = 0; round < 5; round += 1) {
      await clock.advance(1_000);
      expect(consider(before)).toEqual({ leads: false, annotated: false });
      expect(consider(after)).toEqual({ leads: true, annotated: false });
    }
  });

  it.each([
    ['size of the pool', manager('v1', 2, 50)],
    ['limit', manager('v1', 1, 60)],
  ])('are told apart by the %s too', (_what, other) => {
    consider(manager('v1', 1, 50), true);
    expect(consider(other)).toEqual({ leads: false, annotated: false });
  });

  it('hand over to the one before again when that is rolled out as the newest', async () => {
    consider(manager('v1'), true);
    await clock.advance(1_000);
    const second = manager('v2');
    consider(second);
    await clock.advance(1_000);
    const third = manager('v1');
    expect(consider(third)).toEqual({ leads: true, annotated: true });
    expect(consider(second)).toEqual({ leads: false, annotated: false });
  });

  it.each<[string, State]>([
    ['listens', { listening: false, isCurrent: true }],
    ['knows the present', { listening: true, isCurrent: false }],
  ])('hand over only once the newer one %s', async (_what, state) => {
    const before = manager('v1');
    consider(before, true);
    await clock.advance(1_000);
    const after = manager('v2', 1, 50, state);
    expect([consider(after), after.isOlder(lease)]).toEqual([{ leads: false, annotated: false }, false]);
    expect(consider(before)).toEqual({ leads: true, annotated: false });
    Object.assign(state, { listening: true, isCurrent: true });
    expect(consider(after)).toEqual({ leads: true, annotated: true });
    expect([consider(before), before.isOlder(lease)]).toEqual([{ leads: false, annotated: false }, true]);
  });

  it.each<[string, () => void]>([
    ['a new cluster', () => undefined],
    ['one of its own configuration', () => consider(manager('v1'), true)],
  ])('lead before they serve in %s', (_what, prepare) => {
    prepare();
    expect(consider(manager('v1', 1, 50, { listening: false, isCurrent: false })).leads).toBe(true);
  });

  it('do not disturb replicas of the newer one that started before it was first seen', async () => {
    const one = manager('v2');
    await clock.advance(10);
    consider(manager('v2'), true);
    await clock.advance(10);
    expect(consider(one)).toEqual({ leads: true, annotated: false });
  });

  it('come back to the older one where it has to acquire the lease all the same', async () => {
    const before = manager('v1');
    consider(before, true);
    await clock.advance(1_000);
    consider(manager('v2'));
    await clock.advance(1_000);
    expect(consider(before, true)).toEqual({ leads: true, annotated: true });
    const text = lease?.metadata?.annotations?.[TEMPLATE_ANNOTATION];
    expect(decodeDesired(text)?.firstSeen).toBe(clock.now());
  });

  it('leave alone a lease that says nothing of templates and that another holds', () => {
    lease = { metadata: {} };
    expect(consider(manager('v1'))).toEqual({ leads: true, annotated: false });
  });
});
