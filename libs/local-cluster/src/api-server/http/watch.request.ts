import { internal, invalid, violation } from '../status.error.js';

/** What a watch asks for beside its selectors. */
export interface WatchRequest {
  /** The changes after this version; undefined: first the state as it is. */
  since: number | undefined;
  bookmarks: boolean;
  timeoutMs: number;
}

/** Watches that name no time-out end after so many seconds, up to twice as many. */
const DEFAULT_TIMEOUT_SECONDS = 1_800;

export function isWatch(query: URLSearchParams): boolean {
  return isTrue(query.get('watch'));
}

export function watchRequestOf(query: URLSearchParams, random: () => number): WatchRequest {
  const version = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(version)) {
    const quoted = JSON.stringify(version);
    throw internal(`resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: invalid syntax`);
  }
  const sendsInitialEvents = isTrue(query.get('sendInitialEvents'));
  if (sendsInitialEvents && query.get('resourceVersionMatch') !== 'NotOlderThan') {
    const field = 'resourceVersionMatch';
    throw invalid({ group: 'meta.k8s.io', kind: 'ListOptions' }, [
      violation.forbidden(field, `sendInitialEvents requires setting ${field} to NotOlderThan`),
    ]);
  }
  const seconds = Number(query.get('timeoutSeconds') ?? '');
  return {
    since: version === '' || version === '0' || sendsInitialEvents ? undefined : Number(version),
    bookmarks: isTrue(query.get('allowWatchBookmarks')),
    timeoutMs: (seconds > 0 ? seconds : DEFAULT_TIMEOUT_SECONDS * (1 + random())) * 1000,
  };
}

function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}
