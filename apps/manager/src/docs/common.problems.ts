import type { ProblemCode } from '@warmbox/contracts';
import { scopesOf, type Need } from '../http/policy.js';

/** What is known of an operation when its errors are put together. */
export interface OperationTraits {
  method: string;
  need: Need;
  /** It chooses its representation by `Accept`. */
  negotiates: boolean;
}

/** The error codes that any operation of its kind can answer, whatever it does. */
export function commonProblems({ method, need, negotiates }: OperationTraits): ProblemCode[] {
  const codes: ProblemCode[] = ['invalid_request', 'host_not_allowed', 'too_large', 'internal'];
  if (method !== 'get') codes.push('unsupported_media_type', 'overloaded');
  if (scopesOf(need).length > 0) codes.push('unauthenticated', 'forbidden', 'rate_limited');
  if (need !== 'probe') codes.push('shutting_down');
  if (negotiates) codes.push('not_acceptable');
  return codes;
}
