import { COLLECTION_WATCH_DEFAULTS, listPages, PODS, type KubeClient, type PodStore } from '@warmbox/kube';
import { SANDBOX_SELECTOR } from '@warmbox/sandbox';

/**
 * Brings the store up to the present by one consistent LIST: a new leader's watch may not have shown its predecessor's last
 * creations. What the store knows better stays as it is.
 *
 * @throws KubeApiError, KubeUnreachableError; the signal's reason where it aborts.
 */
export async function listInto(
  store: Pick<PodStore, 'put'>,
  client: Pick<KubeClient, 'list'>,
  namespace: string,
  signal: AbortSignal,
): Promise<void> {
  const query = { labelSelector: SANDBOX_SELECTOR, limit: COLLECTION_WATCH_DEFAULTS.pageSize };
  for await (const { items } of listPages(client, PODS, namespace, query, { signal })) {
    for (const pod of items) store.put(pod);
  }
}
