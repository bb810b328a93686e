import type { IncomingHttpHeaders } from 'node:http';
import { HEADER } from '@warmbox/contracts';

/** An execution's id: in a URL, and in an executor's `X-Execution-Id`. Nothing else gets into a path or a header. */
export const EXECUTION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The execution that an executor's answer is about, where it says so. */
export function executionIdOf(headers: IncomingHttpHeaders): string | undefined {
  const id = headers[HEADER.executionId];
  return typeof id === 'string' && EXECUTION_ID.test(id) ? id : undefined;
}
