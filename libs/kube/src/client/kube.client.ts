import { lines, systemClock, type Clock } from '@warmbox/platform';
import type { JsonPatchOperation, KubeList, KubeObject, Status } from '@warmbox/sandbox';
import type { DatedAnswer } from './cluster.clock.js';
import type { KubeConnection, Slots } from './kube.connection.js';
import { KubeApiError, KubeUnreachableError } from '../errors/kube.error.js';
import { exchange, open, type Exchange } from './kube.exchange.js';
import { LEASES, pathOf, PODS, type Resource } from './kube.resource.js';

export interface ListOptions {
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects per page. */
  limit?: number;
  /** The next page's token, from the last page's metadata. */
  continue?: string;
  resourceVersion?: string;
}

export interface WatchOptions {
  labelSelector?: string;
  fieldSelector?: string;
  /** Watches from just after this version. */
  resourceVersion?: string;
  /** The server ends the watch after this long. */
  timeoutSeconds: number;
  signal: AbortSignal;
}

export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Carries nothing but the resourceVersion that the watch has reached. */
  | { type: 'BOOKMARK'; object: KubeObject };

export interface DeleteOptions {
  gracePeriodSeconds?: number;
  preconditions?: { uid?: string; resourceVersion?: string };
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** Milliseconds after which no answer counts as none (10,000); waiting for others' requests counts. */
  timeoutMs?: number;
  /**
   * Called when the request has a connection, right before its first byte is sent; what it throws keeps the request back and is
   * thrown as it is.
   */
  beforeSend?: () => void;
}

export type KubeVerb = 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete';

/**
 * Told of each request but watches when it begins: its verb, and what it is for (`pods`). What it returns is told when the request is over:
 * the status of its answer (undefined: none came), and how long that took since it was sent, in seconds (undefined: it never was).
 */
export type RequestObserver = (
  verb: KubeVerb,
  plural: string,
) => (status: number | undefined, seconds: number | undefined) => void;

const METHODS = { get: 'GET', list: 'GET', create: 'POST', update: 'PUT', patch: 'PATCH', delete: 'DELETE' } as const;

/** Where an object is. `namespace` is left out for kinds that have none. */
export interface ObjectKey {
  namespace?: string;
  name: string;
}

/**
 * The Kubernetes API as the manager uses it: plain JSON over pooled connections, one shape of object. Every method throws
 * KubeApiError for an answer that is no success, KubeUnreachableError where no answer came, and the signal's reason where
 * it aborts; none of them retries.
 */
export class KubeClient {
  constructor(
    private readonly connection: KubeConnection,
    private readonly clock: Clock = systemClock,
    private readonly observe: RequestObserver = () => () => undefined,
    /** Told of the Date of each success, those of watches included. */
    private readonly onDate: (answer: DatedAnswer) => void = () => undefined,
  ) {}

  get<T>(resource: Resource<T>, { namespace, name }: ObjectKey, options?: RequestOptions): Promise<T> {
    return this.send('get', resource, pathOf(resource, namespace, name), undefined, options);
  }

  list<T>(
    resource: Resource<T>,
    namespace: string | undefined,
    query: ListOptions = {},
    options?: RequestOptions,
  ): Promise<KubeList<T>> {
    return this.send('list', resource, pathOf(resource, namespace) + queryOf({ ...query }), undefined, options);
  }

  create<T>(resource: Resource<T>, namespace: string | undefined, object: T, options?: RequestOptions): Promise<T> {
    return this.send(
      'create',
      resource,
      pathOf(resource, namespace),
      { type: 'application/json', value: object },
      options,
    );
  }

  /** Writes the whole object; with its resourceVersion set, only if nobody wrote it since. */
  replace<T>(
    resource: Resource<T>,
    { namespace, name }: ObjectKey,
    object: T,
    options?: RequestOptions & { subresource?: 'status' },
  ): Promise<T> {
    return this.send(
      'update',
      resource,
      pathOf(resource, namespace, name, options?.subresource),
      { type: 'application/json', value: object },
      options,
    );
  }

  patchJson<T>(
    resource: Resource<T>,
    { namespace, name }: ObjectKey,
    operations: JsonPatchOperation[],
    options?: RequestOptions,
  ): Promise<T> {
    return this.send(
      'patch',
      resource,
      pathOf(resource, namespace, name),
      { type: 'application/json-patch+json', value: operations },
      options,
    );
  }

  patchMerge<T>(
    resource: Resource<T>,
    { namespace, name }: ObjectKey,
    patch: object,
    options?: RequestOptions & { subresource?: 'status' },
  ): Promise<T> {
    const path = pathOf(resource, namespace, name, options?.subresource);
    return this.send('patch', resource, path, { type: 'application/merge-patch+json', value: patch }, options);
  }

  /** Answers the object as it now is (terminating) or a Status (gone). */
  delete<T>(
    resource: Resource<T>,
    { namespace, name }: ObjectKey,
    body: DeleteOptions = {},
    options?: RequestOptions,
  ): Promise<T | Status> {
    const value = { apiVersion: 'v1', kind: 'DeleteOptions', ...body };
    return this.send(
      'delete',
      resource,
      pathOf(resource, namespace, name),
      { type: 'application/json', value },
      options,
    );
  }

  /** Binds a pod to a node, as a scheduler does. */
  async bind({ namespace, name }: ObjectKey, node: string, options?: RequestOptions): Promise<void> {
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace },
      target: { apiVersion: 'v1', kind: 'Node', name: node },
    };
    const path = `/api/v1/namespaces/${namespace ?? ''}/pods/${name}/binding`;
    await this.send('create', PODS, path, { type: 'application/json', value: binding }, options);
  }

  /**
   * The events of one watch until the server ends it (a normal return), the signal aborts (a normal return too), the
   * connection breaks (KubeUnreachableError) or the server reports an error in the stream (KubeApiError, 410 for example).
   */
  async *watch<T>(
    resource: Resource<T>,
    namespace: string | undefined,
    { signal, ...query }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const path = pathOf(resource, namespace) + queryOf({ ...query, watch: true, allowWatchBookmarks: true });
    const what = `WATCH ${path}`;
    try {
      const body = await open(this.connection, { method: 'GET', path, ...this.dated() }, 'watches', signal);
      for await (const line of lines(body as AsyncIterable<Uint8Array>)) {
        if (line === '') continue;
        const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: Status };
        if (event.type === 'ERROR') throw new KubeApiError(event.object.code ?? 500, event.object, what);
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      throw error instanceof KubeApiError ? error : new KubeUnreachableError(what, error);
    }
  }

  private async send<T>(
    verb: KubeVerb,
    { plural }: { plural: string },
    path: string,
    content: Exchange['content'],
    { signal, timeoutMs = 10_000, beforeSend }: RequestOptions = {},
  ): Promise<T> {
    const over = this.observe(verb, plural);
    let sentAt: number | undefined;
    let status: number | undefined;
    const dated = this.dated();
    const marked = (): void => {
      beforeSend?.();
      dated.beforeSend();
      sentAt ??= this.clock.monotonic();
    };
    const onAnswer = (code: number, date: number): void => {
      dated.onAnswer(code, date);
      status = code;
    };
    const slots: Slots = plural === LEASES.plural ? 'leases' : 'requests';
    const what = { method: METHODS[verb], path, content, beforeSend: marked, onAnswer };
    try {
      return await exchange<T>(this.connection, this.clock, { ...what, slots, signal, timeoutMs });
    } finally {
      over(status, sentAt === undefined ? undefined : (this.clock.monotonic() - sentAt) / 1000);
    }
  }

  /** Notes between which times an answer was made. */
  private dated(): { beforeSend: () => void; onAnswer: (status: number, date: number) => void } {
    let sentAt = 0;
    return {
      beforeSend: () => void (sentAt = this.clock.monotonic()),
      onAnswer: (status, date) => {
        // What refuses may be a proxy in front, with a clock of its own.
        if (status < 200 || status > 299 || Number.isNaN(date)) return;
        this.onDate({ date, sentAt, receivedAt: this.clock.monotonic() });
      },
    };
  }
}

function queryOf(values: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) if (value !== undefined) query.set(key, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}
