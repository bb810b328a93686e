import type { KubeList, KubeObject } from '@warmbox/sandbox';
import type { KubeClient, ListOptions, RequestOptions } from './kube.client.js';
import type { Resource } from './kube.resource.js';

/**
 * A collection page by page, each at most `limit` objects; all of them are of one moment, whose resourceVersion each has.
 *
 * @throws KubeApiError (410 where that moment is forgotten before the last page), KubeUnreachableError; the signal's reason
 */
export async function* listPages<T extends KubeObject>(
  client: Pick<KubeClient, 'list'>,
  resource: Resource<T>,
  namespace: string | undefined,
  query: Omit<ListOptions, 'continue'> & { limit: number },
  options: RequestOptions = {},
): AsyncGenerator<KubeList<T>> {
  let next: string | undefined;
  do {
    const page = await client.list(resource, namespace, { ...query, continue: next }, options);
    yield page;
    next = page.metadata.continue || undefined;
  } while (next !== undefined);
}
