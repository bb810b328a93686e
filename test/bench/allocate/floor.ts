import { randomUUID } from 'node:crypto';
import type { KubeConnection } from '@warmbox/kube';
import { claimPatch, DEFAULT_TENANT, grantAnnotations, type Pod } from '@warmbox/sandbox';
import { request } from 'undici';
import type { Call } from './load.js';

const MANAGED_FIELDS = '/metadata/managedFields';

/**
 * The least that any allocation costs: the claim itself, by undici's `request` over kept-alive connections, each client on a pod
 * that nobody else tries. Nothing is looked up before and nothing done after it but parsing the answer.
 *
 * @param keepsManagedFields leaves the record of who wrote which field as it is, as whoever does not know of it would.
 */
export async function floorOf(
  connection: KubeConnection,
  namespace: string,
  pods: Pod[],
  { keepsManagedFields = false } = {},
): Promise<Call> {
  const { headers, requests } = await connection.current();
  const free = pods.toSorted(() => Math.random() - 0.5);
  return async (userId) => {
    const { name = '', uid = '' } = free.pop()?.metadata ?? {};
    const now = Date.now();
    const annotations = grantAnnotations({ lifetimeSeconds: 86_400, idleTimeoutSeconds: 86_400 }, now);
    const allocatedAt = new Date(now).toISOString();
    const claim = { tenant: DEFAULT_TENANT, userId, annotations, claimId: randomUUID(), allocatedAt };
    const { statusCode, body } = await request(`${connection.server}/api/v1/namespaces/${namespace}/pods/${name}`, {
      method: 'PATCH',
      dispatcher: requests,
      headers: { ...headers, accept: 'application/json', 'content-type': 'application/json-patch+json' },
      body: JSON.stringify(claimPatch(uid, claim).filter(({ path }) => !keepsManagedFields || path !== MANAGED_FIELDS)),
    });
    const pod = (await body.json()) as Pod;
    return statusCode === 200 ? { result: 'ok', pod: pod.metadata?.name } : { result: String(statusCode) };
  };
}
