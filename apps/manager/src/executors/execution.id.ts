/** An execution's id: in a URL, and in an executor's `X-Execution-Id`. Nothing else gets into a path or a header. */
export const EXECUTION_ID = /^[A-Za-z0-9_-]{1,64}$/;
