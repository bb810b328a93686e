import { ApiExtension } from '@nestjs/swagger';
import type { ProblemCode } from '@warmbox/contracts';

/** Where the decorator leaves its codes until the document is put together. */
export const PROBLEMS_EXTENSION = 'x-problems';

/**
 * The error codes that an operation can answer beyond those that any can (see common.problems.ts). The document shows each
 * status with the problem schema and an example per code.
 */
export function ApiProblems(...codes: ProblemCode[]): MethodDecorator {
  return ApiExtension(PROBLEMS_EXTENSION, codes) as MethodDecorator;
}
