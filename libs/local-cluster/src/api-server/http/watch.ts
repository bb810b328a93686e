import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@warmbox/platform';
import { apiVersionOf, type Kind } from '../kinds/kind.js';
import type { Selector } from '../selectors/selector.js';
import { StatusError } from '../status.error.js';
import type { Change } from '../store/collection.js';
import { prefixOf, type ObjectStore } from '../store/object.store.js';
import { Version, type ChangeType } from '../store/version.js';
import { tableOf, type IncludeObject } from './table.js';
import type { WatchRequest } from './watch.request.js';

/** Events that are written at once when a slow client reads again. */
const BATCH = 256;
/** How long before the end of a watch its last bookmark is sent. */
const LAST_BOOKMARK_MS = 2_000;

export interface WatchOptions {
  kind: Kind;
  namespace: string | undefined;
  selector: Selector | undefined;
  request: WatchRequest;
  /** The table's objects where the client asked for tables. */
  table: IncludeObject | undefined;
  bookmarkIntervalMs: number;
  /** Events that may wait for a slow client; one that is behind by more is cut off. */
  queueSize: number;
}

/** One watch: from its first event to its end, which is the client's going, its time-out or `end()`. */
export class Watch {
  /** One event each, in pieces. */
  private readonly waiting: Buffer[][] = [];
  private mostWaiting: number;
  private isBlocked = false;
  private hasHeader = false;
  private readonly timers: Timer[] = [];
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly store: ObjectStore,
    private readonly clock: Clock,
    private readonly options: WatchOptions,
  ) {
    this.mostWaiting = options.queueSize;
  }

  /** @param onEnd called once, when it is over for whatever reason. */
  start(onEnd: () => void): void {
    const { request, kind } = this.options;
    this.response.on('close', () => {
      this.release();
      onEnd();
    });
    this.response.on('drain', () => {
      this.isBlocked = false;
      this.flush();
    });
    this.response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' });
    this.response.flushHeaders();
    if (!this.sendPast()) {
      this.end();
      return;
    }
    this.unsubscribe = this.store.of(kind).subscribe((change) => this.onChange(change));
    this.timers.push(this.clock.after(request.timeoutMs, () => this.end()));
    if (request.bookmarks) this.scheduleBookmarks();
  }

  /** What waits is still sent. */
  end(): void {
    this.release();
    this.response.end(Buffer.concat(this.waiting.splice(0).flat()));
  }

  private release(): void {
    this.unsubscribe?.();
    for (const timer of this.timers) timer.cancel();
  }

  /** The state so far, or what happened since the version that was asked for. false: too old, the watch is over. */
  private sendPast(): boolean {
    const { kind, namespace, selector, request, queueSize } = this.options;
    const collection = this.store.of(kind);
    if (request.since !== undefined) {
      const changes = collection.since(request.since);
      if (changes === undefined) {
        this.sendError(
          new StatusError(
            410,
            'Expired',
            `too old resource version: ${request.since} (${collection.compactedRevision})`,
          ),
        );
        return false;
      }
      this.mostWaiting = Math.max(queueSize, changes.length);
      for (const change of changes) this.onChange(change);
      return true;
    }
    const found = collection.list(prefixOf(kind, namespace)).filter(({ object }) => selector?.(object) ?? true);
    this.mostWaiting = Math.max(queueSize, found.length);
    for (const version of found) this.sendEvent('ADDED', version);
    if (request.bookmarks) this.sendBookmark({ 'k8s.io/initial-events-end': 'true' });
    return true;
  }

  private onChange({ type, version, previous }: Change): void {
    const { kind, namespace, selector } = this.options;
    if (!version.key.startsWith(prefixOf(kind, namespace))) return;
    const matches = (candidate: Version | undefined): boolean =>
      candidate !== undefined && (selector?.(candidate.object) ?? true);
    const before = matches(previous);
    const after = type !== 'DELETED' && matches(version);
    if (after) this.sendEvent(before ? 'MODIFIED' : 'ADDED', version);
    else if (before && previous !== undefined) {
      this.sendEvent('DELETED', type === 'DELETED' ? version : leaving(version, previous));
    }
  }

  private sendEvent(type: ChangeType, version: Version): void {
    const { kind, table } = this.options;
    if (table === undefined) {
      this.send(version.eventBytes(type));
      return;
    }
    const { resourceVersion } = version.object.metadata;
    const object = tableOf(
      kind,
      [version.object],
      { resourceVersion },
      { now: this.clock.now(), include: table, withHeader: !this.hasHeader },
    );
    this.hasHeader = true;
    this.send([Buffer.from(`${JSON.stringify({ type, object })}\n`)]);
  }

  private sendBookmark(annotations?: Record<string, string>): void {
    const { kind } = this.options;
    const metadata = { resourceVersion: String(this.store.revision), annotations };
    const object = { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
    this.send([Buffer.from(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`)]);
  }

  private sendError(error: StatusError): void {
    this.send([Buffer.from(`${JSON.stringify({ type: 'ERROR', object: error.toStatus() })}\n`)]);
  }

  /** One each interval, and one shortly before the end, from which the client goes on. */
  private scheduleBookmarks(): void {
    const { request, bookmarkIntervalMs } = this.options;
    const again = (): void => {
      this.sendBookmark();
      this.timers.push(this.clock.after(bookmarkIntervalMs, again));
    };
    this.timers.push(this.clock.after(bookmarkIntervalMs, again));
    const last = request.timeoutMs - LAST_BOOKMARK_MS;
    if (last > 0) this.timers.push(this.clock.after(last, () => this.sendBookmark()));
  }

  private send(event: Buffer[]): void {
    this.waiting.push(event);
    if (this.waiting.length > this.mostWaiting) {
      // It does not read. Cut off, it comes back with the last version that it saw.
      this.waiting.length = 0;
      this.response.destroy();
    } else if (this.waiting.length === 1 && !this.isBlocked) {
      // What else happens in this turn of the event loop goes out with it: under load most of the cost is the system call.
      setImmediate(() => this.flush());
    }
  }

  private flush(): void {
    while (!this.isBlocked && this.waiting.length > 0 && !this.response.destroyed) {
      const batch = this.waiting.splice(0, BATCH);
      this.isBlocked = !this.response.write(Buffer.concat(batch.flat()));
    }
  }
}

/** For a watch whose selector an object no longer matches: as it was when it last did, at the version of the change. */
function leaving({ kind, key, revision }: Version, { object }: Version): Version {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return new Version(kind, key, revision, { ...object, metadata });
}
