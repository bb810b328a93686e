import type { Lease } from '@warmbox/sandbox';
import { microTime, releasedLease } from './lease.record.js';
import { LeaseView, turnAt } from './lease.view.js';

let renewals = 0;
function lease(version: string, { holder = 'a', renewed = true, annotations = {} } = {}): Lease {
  if (renewed) renewals += 1;
  return {
    metadata: { uid: 'u', resourceVersion: version, annotations },
    spec: { holderIdentity: holder, leaseDurationSeconds: 3, renewTime: microTime(renewals) },
  };
}
const seen = (...leases: [Lease | undefined, string, number][]): LeaseView => {
  const view = new LeaseView();
  for (const [found, version, at] of leases) view.see(found, version, at);
  return view;
};

describe('a lease', () => {
  it('is nobody’s to take until it was looked at', () => {
    expect(new LeaseView().freeAt('b')).toBeUndefined();
  });

  it('ends its duration after its renewal was seen, whatever the times in it say', () => {
    const found = lease('7');
    const old = { ...found, spec: { ...found.spec, renewTime: '1999-01-01T00:00:00.000000Z' } };
    expect(seen([old, '7', 1_000]).freeAt('b')).toBe(4_000);
    expect(seen([old, '7', 1_000], [lease('8'), '8', 2_000]).freeAt('b')).toBe(5_000);
  });

  it('is not renewed by somebody’s annotation', () => {
    const first = lease('7');
    const annotated = { ...first, metadata: { ...first.metadata, resourceVersion: '8', annotations: { x: 'y' } } };
    const view = seen([first, '7', 1_000], [annotated, '8', 3_000]);
    expect([view.freeAt('b'), view.lease?.metadata?.annotations]).toEqual([4_000, { x: 'y' }]);
  });

  it('is not renewed by what is older than what is known, or the same', () => {
    const view = seen([lease('9'), '9', 1_000]);
    expect([view.see(lease('8'), '8', 2_000), view.see(lease('9'), '9', 2_000)]).toEqual([false, false]);
    expect(view.freeAt('b')).toBe(4_000);
    expect(view.see(lease('10'), '10', 2_000)).toBe(true);
  });

  it.each([
    ['was released', releasedLease(lease('8'), 0)],
    ['has an empty holder', lease('8', { holder: '' })],
    ['is gone', undefined],
  ])('is free at once when it %s', (_what, found) => {
    expect(seen([lease('7'), '7', 1_000], [found, '8', 2_000]).freeAt('b')).toBe(2_000);
  });

  it('is free to its own holder at once', () => {
    expect(seen([lease('7'), '7', 1_000]).freeAt('a')).toBe(1_000);
  });

  it('is what a GET says even where versions have gone back', () => {
    const view = seen([lease('900'), '900', 1_000]);
    expect(view.reset(lease('3', { holder: 'c' }), 2_000)).toBe(true);
    expect([view.lease?.spec?.holderIdentity, view.freeAt('b')]).toEqual(['c', 5_000]);
    expect(view.see(lease('4'), '4', 3_000)).toBe(true);
  });

  it('is no news where a GET says what is known', () => {
    const found = lease('7');
    expect(seen([found, '7', 1_000]).reset(found, 2_000)).toBe(false);
  });
});

describe('the turn of a candidate', () => {
  const candidate = { identity: 'b', isFallback: false, leaseDurationMs: 3_000 };

  it('comes when the lease ends', () => {
    expect(turnAt(seen([lease('7'), '7', 1_000]), candidate)).toBe(4_000);
  });

  it('comes three durations later for one that should leave it to others, its own lease included', () => {
    const view = seen([lease('7'), '7', 1_000]);
    expect(turnAt(view, { ...candidate, isFallback: true })).toBe(13_000);
    expect(turnAt(view, { ...candidate, identity: 'a', isFallback: true })).toBe(13_000);
    expect(turnAt(new LeaseView(), { ...candidate, isFallback: true })).toBeUndefined();
  });
});
