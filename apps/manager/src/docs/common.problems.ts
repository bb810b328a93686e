import type { ProblemCode } from '@warmbox/contracts';
import type { Access } from '../http/public.js';

/** What is known of an operation when its errors are put together. */
export interface OperationTraits {
  method: string;
  access: Access | undefined;
  /** It chooses its representation by `Accept`. */
  negotiates: boolean;
}

/** The error codes that any operation of its kind can answer, whatever it does. */
export function commonProblems({ method, access, negotiates }: OperationTraits): ProblemCode[] {
  const codes: ProblemCode[] = ['invalid_request', 'host_not_allowed', 'too_large', 'internal'];
  if (method !== 'get') codes.push('unsupported_media_type', 'overloaded');
  if (access === undefined) codes.push('unauthenticated', 'rate_limited');
  if (access !== 'probe') codes.push('shutting_down');
  if (negotiates) codes.push('not_acceptable');
  return codes;
}
