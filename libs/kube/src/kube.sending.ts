import { Dispatcher } from 'undici';

/**
 * A dispatcher that calls `check` when a request has its connection and its first byte is about to be written; what that throws
 * is thrown by the request, of which nothing is sent then.
 */
export function atSending(dispatcher: Dispatcher, check: () => void): Dispatcher {
  return new CheckedDispatcher(dispatcher, check);
}

class CheckedDispatcher extends Dispatcher {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly check: () => void,
  ) {
    super();
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.dispatcher.dispatch(options, checked(handler, this.check));
  }
}

/** undici's own DecoratorHandler is deprecated. */
function checked(handler: Dispatcher.DispatchHandler, check: () => void): Dispatcher.DispatchHandler {
  return {
    onRequestStart: (controller, context) => {
      check();
      handler.onRequestStart?.(controller, context);
    },
    onRequestUpgrade: (...event) => handler.onRequestUpgrade?.(...event),
    onResponseStart: (...event) => handler.onResponseStart?.(...event),
    onResponseData: (...event) => handler.onResponseData?.(...event),
    onResponseEnd: (...event) => handler.onResponseEnd?.(...event),
    onResponseError: (...event) => handler.onResponseError?.(...event),
  };
}
