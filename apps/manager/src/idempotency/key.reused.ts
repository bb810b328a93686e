import { ProblemError } from '@warmbox/platform';

/** The key came with another body before. */
export function reused(): ProblemError {
  return new ProblemError(
    'idempotency_key_reused',
    'This Idempotency-Key came with another body before: send the same body again, or use a new key.',
  );
}
