import { apiVersionOf, type Kind } from '../kinds/kind.js';
import { selectorOf } from '../selectors/selector.js';
import { badRequest, invalid, StatusError, tooLargeResourceVersion, violation } from '../status.error.js';
import { prefixOf, type ObjectStore } from '../store/object.store.js';
import type { Version } from '../store/version.js';
import { decodeContinue, encodeContinue } from './continue.token.js';

export interface Page {
  versions: Version[];
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
}

const EXPIRED_PAGE =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
const EXPIRED_VERSION = 'The resourceVersion for the provided list is too old.';

/**
 * One page of a list. All pages of one list show the same resourceVersion: the first page's, carried by the continue token.
 *
 * @throws StatusError 410 Expired where that version is compacted.
 */
export function listPage(store: ObjectStore, kind: Kind, namespace: string | undefined, query: URLSearchParams): Page {
  const selector = selectorOf(kind, query);
  const { revision, after, isCached } = startOf(store, query);
  const limit = isCached ? 0 : limitOf(query);
  const prefix = prefixOf(kind, namespace);
  const all = revision === store.revision ? store.of(kind).list(prefix) : store.of(kind).listAt(prefix, revision);
  if (all === undefined) throw expired(after);
  const rest = after === undefined ? all : all.filter(({ key }) => key > after);
  const found = selector === undefined ? rest : rest.filter(({ object }) => selector(object));
  const metadata: Page['metadata'] = { resourceVersion: String(revision) };
  if (limit === 0 || found.length <= limit) return { versions: found, metadata };
  const versions = found.slice(0, limit);
  metadata.continue = encodeContinue({ revision, after: versions.at(-1)?.key ?? '' });
  // With a selector the real one does not know how many are left; clients must not come to rely on it.
  if (selector === undefined) metadata.remainingItemCount = found.length - limit;
  return { versions, metadata };
}

function startOf(store: ObjectStore, query: URLSearchParams): { revision: number; after?: string; isCached: boolean } {
  const version = query.get('resourceVersion') ?? '';
  const token = query.get('continue') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  checkMatch(match, version);
  if (token !== '') {
    if (version !== '' && version !== '0')
      throw badRequest('specifying resource version is not allowed when using continue');
    const { revision, after } = decodeContinue(token);
    if (revision > store.revision) throw tooLargeResourceVersion(revision, store.revision);
    return { revision: revision < 0 ? store.revision : revision, after, isCached: false };
  }
  if (version !== '' && !/^\d+$/.test(version)) {
    const detail = `resourceVersion: Invalid value: ${JSON.stringify(version)}: strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`;
    throw badRequest(`invalid resource version: ${detail}`);
  }
  const revision = Number(version);
  if (revision > store.revision) throw tooLargeResourceVersion(revision, store.revision);
  // 0 means whatever is at hand; the real one then answers from its cache, which knows no pages.
  return { revision: match === 'Exact' ? revision : store.revision, isCached: version === '0' };
}

function checkMatch(match: string, resourceVersion: string): void {
  const field = 'resourceVersionMatch';
  const subject = { group: 'meta.k8s.io', kind: 'ListOptions' };
  if (match === '') return;
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalid(subject, [violation.unsupported(field, match, ['Exact', 'NotOlderThan', ''])]);
  }
  if (resourceVersion === '') {
    throw invalid(subject, [violation.forbidden(field, `${field} is forbidden unless resourceVersion is provided`)]);
  }
}

function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '';
  if (text === '') return 0;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Math.max(0, Number(text));
}

function expired(after: string | undefined): StatusError {
  return after === undefined
    ? new StatusError(410, 'Expired', EXPIRED_VERSION)
    : new StatusError(410, 'Expired', EXPIRED_PAGE, undefined, encodeContinue({ revision: -1, after }));
}

/** A whole list as one body, made of bytes that are there already. */
export function listBytes(kind: Kind, { versions, metadata }: Page): Buffer {
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata });
  const comma = Buffer.from(',');
  const items = versions.flatMap((version, index) => (index === 0 ? version.itemBytes : [comma, ...version.itemBytes]));
  return Buffer.concat([Buffer.from(`${head.slice(0, -1)},"items":[`), ...items, Buffer.from(']}\n')]);
}
