import type { Dispatcher } from 'undici';

/**
 * A dispatcher that calls `check` when a request has its connection and its first byte is about to be written; what that throws
 * is thrown by the request, of which nothing is sent then. For undici's `request`, which asks nothing else of a dispatcher: one is
 * made for each request, and has to cost little.
 */
export function atSending(dispatcher: Dispatcher, check: () => void): Dispatcher {
  const checked: Pick<Dispatcher, 'dispatch'> = {
    dispatch: (options, handler) => dispatcher.dispatch(options, new CheckedHandler(handler, check)),
  };
  return checked as Dispatcher;
}

/** undici's own DecoratorHandler is deprecated. */
class CheckedHandler implements Dispatcher.DispatchHandler {
  constructor(
    private readonly handler: Dispatcher.DispatchHandler,
    private readonly check: () => void,
  ) {}

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.check();
    this.handler.onRequestStart?.(controller, context);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>[2],
    message?: string,
  ): void {
    this.handler.onResponseStart?.(controller, status, headers, message);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.handler.onResponseData?.(controller, chunk);
  }

  onResponseEnd(
    controller: Dispatcher.DispatchController,
    trailers: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>[1],
  ): void {
    this.handler.onResponseEnd?.(controller, trailers);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.handler.onResponseError?.(controller, error);
  }
}
