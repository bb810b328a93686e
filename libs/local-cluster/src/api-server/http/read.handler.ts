import type { WriteContext } from '../writes/write.context.js';
import { selectorOf } from '../selectors/selector.js';
import { find } from '../writes/update.js';
import { objectOf, type Exchange } from './exchange.js';
import { listBytes, listPage } from './list.js';
import { representationOf } from './representation.js';
import { sendJson, sendObject } from './send.js';
import { includeObjectOf, tableOf } from './table.js';
import { Watch, type WatchOptions } from './watch.js';
import { watchRequestOf } from './watch.request.js';

/** The verbs that change nothing. */
export class ReadHandler {
  private readonly watches = new Set<Watch>();

  constructor(
    private readonly context: WriteContext,
    private readonly watchOptions: Pick<WatchOptions, 'bookmarkIntervalMs' | 'queueSize'>,
  ) {}

  get(exchange: Exchange): void {
    const { request, response, query, target } = exchange;
    const representation = representationOf(request.headers.accept);
    const version = find(this.context, target.kind, objectOf(exchange));
    if (representation === 'json') {
      sendObject(response, 200, target.kind, version);
      return;
    }
    const { resourceVersion } = version.object.metadata;
    const options = { now: this.context.clock.now(), include: includeObjectOf(query) };
    sendJson(response, 200, tableOf(target.kind, [version.object], { resourceVersion }, options));
  }

  list({ request, response, query, target: { kind, namespace } }: Exchange): void {
    const representation = representationOf(request.headers.accept);
    const page = listPage(this.context.store, kind, namespace, query);
    if (representation === 'json') {
      sendJson(response, 200, listBytes(kind, page));
      return;
    }
    const objects = page.versions.map(({ object }) => object);
    const options = { now: this.context.clock.now(), include: includeObjectOf(query) };
    sendJson(response, 200, tableOf(kind, objects, page.metadata, options));
  }

  watch({ request, response, query, target: { kind, namespace } }: Exchange): void {
    const { store, clock, random } = this.context;
    const watch = new Watch(response, store, clock, {
      kind,
      namespace,
      selector: selectorOf(kind, query),
      request: watchRequestOf(query, random),
      table: representationOf(request.headers.accept) === 'table' ? includeObjectOf(query) : undefined,
      ...this.watchOptions,
    });
    this.watches.add(watch);
    watch.start(() => this.watches.delete(watch));
  }

  endWatches(): void {
    for (const watch of this.watches) watch.end();
  }
}
