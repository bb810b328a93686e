import type { Status } from '@warmbox/sandbox';
import { KubeApiError, KubeUnreachableError } from './kube.error.js';
import { quotaRefusal, type QuotaRefusal } from './kube.quota.js';

/** Answers to the creation of a pod, as kube-apiserver 1.34 gave them. */
const forbidden = (message: string): Status => ({
  status: 'Failure',
  message,
  reason: 'Forbidden',
  details: { name: 'sandbox-1', kind: 'pods' },
  code: 403,
});
const conflict = (message: string, kind: string): Status => ({
  status: 'Failure',
  message,
  reason: 'Conflict',
  details: { name: 'cap', kind },
  code: 409,
});

const CASES: { it: string; body: Status; means: QuotaRefusal | undefined }[] = [
  {
    it: 'takes an exceeded quota of our name for our own',
    body: forbidden(
      'pods "sandbox-1" is forbidden: exceeded quota: cap, requested: count/pods=1, used: count/pods=50, limited: count/pods=50',
    ),
    means: 'own',
  },
  {
    it: 'takes an exceeded quota of another name for a foreign one',
    body: forbidden(
      'pods "sandbox-1" is forbidden: exceeded quota: other, requested: pods=1, used: pods=5, limited: pods=5',
    ),
    means: 'foreign',
  },
  {
    it: 'does not take a quota whose name begins with ours for our own',
    body: forbidden(
      'pods "sandbox-1" is forbidden: exceeded quota: cap.two, requested: count/pods=1, used: count/pods=2, limited: count/pods=2',
    ),
    means: 'foreign',
  },
  {
    it: 'takes a quota that asks for requests the pod does not have for a foreign one',
    body: forbidden('pods "sandbox-1" is forbidden: failed quota: aaa: must specify requests.cpu for: c'),
    means: 'foreign',
  },
  {
    it: 'tells a quota without usage, even our own, from an exceeded one',
    body: forbidden('pods "sandbox-1" is forbidden: status unknown for quota: cap, resources: count/pods'),
    means: 'unknown',
  },
  {
    it: 'takes a conflict over a quota for contention',
    body: conflict(
      'Operation cannot be fulfilled on resourcequotas "cap": the object has been modified; please apply your changes to the latest version and try again',
      'resourcequotas',
    ),
    means: 'contention',
  },
  {
    it: 'leaves a conflict over a pod to others',
    body: conflict(
      'Operation cannot be fulfilled on pods "cap": the object has been modified; please apply your changes to the latest version and try again',
      'pods',
    ),
    means: undefined,
  },
  {
    it: 'leaves a name that is taken to others',
    body: {
      status: 'Failure',
      message: 'pods "a" already exists',
      reason: 'AlreadyExists',
      details: { name: 'a', kind: 'pods' },
      code: 409,
    },
    means: undefined,
  },
  {
    it: 'leaves a missing RuntimeClass to others',
    body: forbidden('pods "sandbox-1" is forbidden: pod rejected: RuntimeClass "nope" not found'),
    means: undefined,
  },
  {
    it: 'leaves a missing permission to others, though the name in it looks like a quota',
    body: forbidden(
      'pods is forbidden: User "exceeded quota: cap, " cannot create resource "pods" in API group "" in the namespace "p1"',
    ),
    means: undefined,
  },
];

describe('quotaRefusal', () => {
  it.each(CASES)('$it', ({ body, means }) => {
    expect(quotaRefusal(new KubeApiError(body.code ?? 0, body, 'POST /api/v1/namespaces/n/pods'), 'cap')).toBe(means);
  });

  it('leaves an answer that never came to others', () => {
    expect(quotaRefusal(new KubeUnreachableError('POST /', new Error('reset')), 'cap')).toBeUndefined();
  });

  it('leaves what is no error of the API to others', () => {
    expect(quotaRefusal(new Error('exceeded quota: cap, '), 'cap')).toBeUndefined();
  });
});
