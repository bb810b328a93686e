import { grantAnnotations, grantedTimes } from './sandbox.grant.js';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('a grant', () => {
  it('is read from a pod as it was written', () => {
    const annotations = grantAnnotations({ lifetimeSeconds: 90, idleTimeoutSeconds: 30 }, NOW);
    expect(annotations).toEqual({
      'warmbox.dev/expires-at': '2026-01-01T12:01:30.000Z',
      'warmbox.dev/idle-timeout-seconds': '30',
      'warmbox.dev/last-activity': '2026-01-01T12:00:00.000Z',
    });
    expect(grantedTimes({ metadata: { annotations } })).toEqual({
      expiresAt: NOW + 90_000,
      idleTimeoutSeconds: 30,
      lastActivityAt: NOW,
    });
  });

  it('that is renewed in part leaves the other part alone', () => {
    expect(Object.keys(grantAnnotations({ idleTimeoutSeconds: 30 }, NOW))).not.toContain('warmbox.dev/expires-at');
  });

  it('counts as never given where somebody wrote nonsense', () => {
    const annotations = { 'warmbox.dev/expires-at': 'soon', 'warmbox.dev/idle-timeout-seconds': 'long' };
    expect(grantedTimes({ metadata: { annotations } })).toEqual({});
    expect(grantedTimes({})).toEqual({});
  });
});
