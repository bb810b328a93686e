import { KubeApiError, KubeUnreachableError, LeadershipLostError, NameTakenError } from '@warmbox/kube';
import { ProblemError } from '@warmbox/platform';
import { outcomeOf, reasonOf } from './pool.outcome.js';

const answered = (status: number, kind?: string): ProblemError =>
  new ProblemError('kubernetes_unavailable', 'It cannot be done.', {
    cause: new KubeApiError(status, { details: { kind } }, 'POST /pods'),
  });

const unanswered = (code: string): ProblemError =>
  new ProblemError('kubernetes_unavailable', 'No answer.', {
    cause: new KubeUnreachableError('POST /pods', Object.assign(new Error(code), { code })),
  });

it.each([
  ['refused', answered(403)],
  ['refused', answered(422)],
  ['limited', answered(409)],
  ['limited', answered(409, 'resourcequotas')],
  // Nothing was created: a doubt would keep its slot for ten seconds, and a pool of doubts empty.
  ['limited', answered(429)],
  ['limited', unanswered('ECONNREFUSED')],
  ['unknown', unanswered('ECONNRESET')],
  ['unknown', answered(500)],
  // The name is taken, perhaps by the very pod: it could not be looked at.
  [
    'unknown',
    new ProblemError('internal', 'Unexpected.', {
      cause: new KubeApiError(409, { reason: 'AlreadyExists' }, 'POST /pods'),
    }),
  ],
  ['refused', new ProblemError('internal', 'Unexpected.', { cause: new NameTakenError('a', new Error('409')) })],
  ['limited', new ProblemError('limit_reached', 'There is no room.')],
  ['limited', new ProblemError('quota_exceeded', 'There is no room.')],
  ['limited', new ProblemError('not_synced', 'Nothing is known.')],
  ['unknown', new ProblemError('kubernetes_unavailable', 'No answer.')],
  ['unsent', new LeadershipLostError('Too late.')],
  ['refused', new ProblemError('internal', 'The pod is wrong.')],
  ['refused', new TypeError('a defect')],
])('a creation is %s where it fails with %s', (outcome, error) => expect(outcomeOf(error)).toBe(outcome));

it('a refusal’s reason is what the API server said', () => {
  const cause = new KubeApiError(422, { reason: 'Invalid', message: 'spec.runtimeClassName: not found' }, 'POST /pods');
  expect(reasonOf(new ProblemError('internal', 'Something is wrong.', { cause }))).toContain(
    'spec.runtimeClassName: not found',
  );
});
