import { claimPatch } from './claim.patch.js';
import { ownerOf } from './sandbox.owner.js';

describe('claimPatch', () => {
  const patch = claimPatch('the-uid', {
    claimId: 'claim-1',
    tenant: 'search',
    userId: 'ada@example.org',
    allocatedAt: '2026-01-01T00:00:00.000Z',
  });

  it('tests that it is this pod, that it is warm and that it is not being deleted, before it changes anything', () => {
    expect(patch.slice(0, 3)).toEqual([
      { op: 'test', path: '/metadata/uid', value: 'the-uid' },
      { op: 'test', path: '/metadata/labels/warmbox.dev~1pool', value: 'warm' },
      { op: 'test', path: '/metadata/deletionTimestamp', value: null },
    ]);
    expect(patch.slice(3).some(({ op }) => op === 'test')).toBe(false);
  });

  it("makes the pod the tenant's and the user's, with a label that any user id can be selected by", () => {
    const changes = Object.fromEntries(patch.slice(3).map((operation) => [operation.path, operation]));
    expect(changes).toMatchObject({
      '/metadata/labels/warmbox.dev~1pool': { op: 'replace', value: 'allocated' },
      '/metadata/labels/warmbox.dev~1tenant': { op: 'add', value: 'search' },
      '/metadata/labels/warmbox.dev~1owner': { op: 'add', value: ownerOf('ada@example.org') },
      '/metadata/annotations/warmbox.dev~1user-id': { op: 'add', value: 'ada@example.org' },
      '/metadata/annotations/warmbox.dev~1claim-id': { op: 'add', value: 'claim-1' },
      '/metadata/annotations/warmbox.dev~1allocated-at': { op: 'add', value: '2026-01-01T00:00:00.000Z' },
    });
    expect(ownerOf('ada@example.org')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('ends the record of who wrote which field, as the API server has it asked: by one empty entry', () => {
    expect(patch).toContainEqual({ op: 'add', path: '/metadata/managedFields', value: [{}] });
  });

  it('makes the pod the one of a request with an idempotency key, in the same write', () => {
    const claim = {
      claimId: 'claim-1',
      tenant: 'search',
      allocatedAt: '2026-01-01T00:00:00.000Z',
      request: 'the-hash',
    };
    expect(claimPatch('the-uid', claim)).toContainEqual({
      op: 'add',
      path: '/metadata/labels/warmbox.dev~1request',
      value: 'the-hash',
    });
    expect(patch.map(({ path }) => path)).not.toContain('/metadata/labels/warmbox.dev~1request');
  });

  it("binds the caller's labels, and makes the pod a manual one where a creation takes it, with or without a user", () => {
    const manual = claimPatch('the-uid', {
      claimId: 'claim-1',
      tenant: 'search',
      allocatedAt: '2026-01-01T00:00:00.000Z',
      pool: 'manual',
      labels: { team: 'search', 'example.org/a~b': '' },
      annotations: { 'warmbox.dev/expires-at': '2026-01-01T00:15:00.000Z' },
    });
    const changes = Object.fromEntries(manual.slice(3).map((operation) => [operation.path, operation]));
    expect(changes).toMatchObject({
      '/metadata/labels/warmbox.dev~1pool': { op: 'replace', value: 'manual' },
      '/metadata/annotations/warmbox.dev~1expires-at': { op: 'add', value: '2026-01-01T00:15:00.000Z' },
      '/metadata/labels/team': { op: 'add', value: 'search' },
      '/metadata/labels/example.org~1a~0b': { op: 'add', value: '' },
    });
    expect(Object.keys(changes).filter((path) => /owner|user-id/.test(path))).toEqual([]);
  });
});
