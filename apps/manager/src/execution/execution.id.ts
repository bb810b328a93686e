/** An execution's id: in a URL, and in an executor's `X-Execution-Id`. Nothing else gets into a path or a header. */
export const EXECUTION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** An event's id: `0s` when it started, an offset, an offset and `e` when it is over. */
export const EVENT_ID = /^(0s|\d{1,16}e?)$/;
