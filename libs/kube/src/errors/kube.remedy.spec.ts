import type { Status } from '@warmbox/sandbox';
import { KubeApiError, KubeUnreachableError } from './kube.error.js';
import { remedyOf, reported } from './kube.remedy.js';

const answer = (status: number, body: Status): KubeApiError => new KubeApiError(status, body, 'POST /x');

const missing = answer(404, {
  reason: 'NotFound',
  message: 'namespaces "nowhere" not found',
  details: { name: 'nowhere', kind: 'namespaces' },
});
const forbidden = answer(403, {
  reason: 'Forbidden',
  message:
    'pods is forbidden: User "system:serviceaccount:warmbox:warmbox-manager" cannot list resource "pods" in API group "" in the namespace "nowhere"',
  details: { kind: 'pods' },
});

describe('the remedy of a refusal', () => {
  it('of a namespace that does not exist is the command that creates it', () => {
    expect(remedyOf(missing, 'nowhere')).toEqual({
      missing: 'namespace',
      sentence: 'namespace nowhere does not exist: kubectl create namespace nowhere',
    });
  });

  it('of one that is being deleted is the same, later', () => {
    const causes = [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }];
    const remedy = remedyOf(answer(403, { reason: 'Forbidden', details: { causes } }), 'going');
    expect(remedy).toMatchObject({ missing: 'namespace' });
    expect(remedy?.sentence).toContain('kubectl create namespace going');
  });

  it('of a right that is missing names who may not do what, and both that may be missing', () => {
    const remedy = remedyOf(forbidden, 'nowhere');
    expect(remedy).toMatchObject({ missing: 'permission' });
    for (const part of ['warmbox-manager', 'cannot list resource "pods"', 'Role', 'kubectl create namespace nowhere']) {
      expect(remedy?.sentence).toContain(part);
    }
  });

  it.each([
    ['no answer', new KubeUnreachableError('GET /x', new Error('reset'))],
    ['an object that is not there', answer(404, { reason: 'NotFound', details: { kind: 'leases', name: 'a' } })],
    ['a quota', answer(403, { reason: 'Forbidden', message: 'pods "a" is forbidden: exceeded quota: cap' })],
    ['an API server in trouble', answer(500, { message: 'namespaces' })],
    ['anything else', new Error('x')],
  ])('is not known for %s', (_what, error) => {
    expect(remedyOf(error, 'nowhere')).toBeUndefined();
    expect(reported(error, 'it failed', 'nowhere')).toEqual([{ err: error }, 'it failed']);
  });

  it('stands in the log in the place of the stack', () => {
    expect(reported(missing, 'it failed', 'nowhere')).toEqual([
      { namespace: 'nowhere' },
      'it failed: namespace nowhere does not exist: kubectl create namespace nowhere',
    ]);
  });
});
