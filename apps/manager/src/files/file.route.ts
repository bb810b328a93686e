import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import type { ProblemCode } from '@warmbox/contracts';
import { RouteSettings } from '@warmbox/http';
import { ApiProblems } from '../docs/index.js';
import { Operation } from '../http/operation.js';
import type { OperationId } from '../http/policy.js';

/** What every route below a sandbox can answer, and every one that concerns a file. */
const PROBLEMS: readonly ProblemCode[] = [
  'runtime_not_found',
  'sandbox_not_found',
  'sandbox_gone',
  'not_ready',
  'not_allocated',
  'forbidden',
  'conflict',
  'overloaded',
  'executor_unreachable',
  'rate_limited',
  'kubernetes_unavailable',
  'executor_timeout',
];

/** What a route that concerns files says of itself, beside its answers. */
export interface DescribedFileRoute {
  summary: string;
  description: string;
  /** The errors that are its own. */
  problems?: readonly ProblemCode[];
  /** Milliseconds for which a client may send nothing of its body; absent where the route takes none. */
  bodyIdleMs?: number;
}

/** A route that concerns files of a sandbox: its query is of bytes, and its body, where it has one, passes as it comes. */
export function FileRoute(
  operation: OperationId,
  { summary, description, problems = [], bodyIdleMs }: DescribedFileRoute,
): MethodDecorator {
  return applyDecorators(
    RouteSettings({ queryOfBytes: true, ...(bodyIdleMs === undefined ? {} : { rawBody: { idleMs: bodyIdleMs } }) }),
    Operation(operation, { summary, description }),
    ApiProblems(...PROBLEMS, ...problems),
  );
}

/** The path of a file or folder in the query. */
export const ApiFilePath = (description = 'The file', required = true): MethodDecorator =>
  ApiQuery({
    name: 'path',
    required,
    description: `${description}: relative to /workspace, or absolute. Percent-encoded bytes: a name may be no UTF-8 (\`%FF\`).`,
    schema: { type: 'string', minLength: 1, example: 'data/report.csv' },
  });
