import { KubeApiError, KubeUnreachableError } from '@warmbox/kube';
import { claimVerdict, type ClaimVerdict } from './pod.claimer.js';

const answered = (status: number, causes: { field?: string }[] = []): KubeApiError =>
  new KubeApiError(status, { code: status, details: { causes } }, 'PATCH /pod');
const cut = (code: string): KubeUnreachableError =>
  new KubeUnreachableError('PATCH /pod', Object.assign(new Error(code), { code }));

describe('claimVerdict', () => {
  it.each<[string, unknown, ClaimVerdict]>([
    ['a test that failed: it is another’s for good', answered(422), 'lost'],
    ['a cause without a field is a test too', answered(422, [{}]), 'lost'],
    ['a pod that is gone', answered(404), 'lost'],
    ['a conflict decides nothing for ever', answered(409), 'contended'],
    ['a field at fault is our own mistake', answered(422, [{ field: 'metadata.labels' }]), 'mistaken'],
    ['a request that makes no sense', answered(400), 'mistaken'],
    ['no credentials', answered(401), 'refused'],
    ['no right', answered(403), 'refused'],
    ['an API server with too much to do', answered(429), 'refused'],
    ['a connection that never stood', cut('ECONNREFUSED'), 'refused'],
    ['an API server that failed halfway', answered(500), 'unknown'],
    ['a proxy that got no answer', answered(504), 'unknown'],
    ['a connection that was reset', cut('ECONNRESET'), 'unknown'],
    ['no answer in time', cut('UND_ERR_HEADERS_TIMEOUT'), 'unknown'],
  ])('%s', (_, error, verdict) => expect(claimVerdict(error)).toBe(verdict));

  it('hides no error of our own', () => {
    expect(() => claimVerdict(new TypeError('x'))).toThrow(TypeError);
  });
});
