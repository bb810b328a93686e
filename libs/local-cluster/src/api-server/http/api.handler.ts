import type { IncomingMessage, ServerResponse } from 'node:http';
import { noSuchResource } from '../status.error.js';
import type { WriteContext } from '../writes/write.context.js';
import type { Exchange } from './exchange.js';
import { ReadHandler } from './read.handler.js';
import { parseTarget } from './request.target.js';
import { routeOf, type Route } from './route.js';
import { isWatch } from './watch.request.js';
import { WriteHandler } from './write.handler.js';

/** Everything below /api and /apis that is about objects. */
export class ApiHandler {
  private readonly reads: ReadHandler;
  private readonly routes: Record<Route, (exchange: Exchange) => Promise<void> | void>;

  constructor(
    private readonly context: WriteContext,
    watchOptions: ConstructorParameters<typeof ReadHandler>[1],
  ) {
    const reads = new ReadHandler(context, watchOptions);
    const writes = new WriteHandler(context);
    this.reads = reads;
    this.routes = {
      get: (exchange) => reads.get(exchange),
      list: (exchange) => reads.list(exchange),
      watch: (exchange) => reads.watch(exchange),
      create: (exchange) => writes.create(exchange),
      update: (exchange) => writes.update(exchange),
      patch: (exchange) => writes.patch(exchange),
      delete: (exchange) => writes.delete(exchange),
      deletecollection: (exchange) => writes.deleteCollection(exchange),
      bind: (exchange) => writes.bind(exchange),
    };
  }

  async handle(
    request: IncomingMessage,
    response: ServerResponse,
    { pathname, searchParams: query }: URL,
  ): Promise<void> {
    // Of the clock that objects' times come from; Node's own is this machine's.
    response.setHeader('date', new Date(this.context.clock.now()).toUTCString());
    const target = parseTarget(pathname);
    if (target === undefined) throw noSuchResource();
    const route = routeOf(request.method ?? '', target, isWatch(query));
    await this.routes[route]({ request, response, query, target });
  }

  endWatches(): void {
    this.reads.endWatches();
  }
}
