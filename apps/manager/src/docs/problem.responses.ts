import { getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_STATUS, PROBLEM_TITLE, type ProblemCode } from '@warmbox/contracts';
import { ProblemDto } from '@warmbox/dto';
import { HEADERS, type Responses } from './openapi.types.js';

const REQUEST_ID = '0b0f6a9c-0c5f-4a5e-9a43-0f0c1f2f9f10';

/** The responses for error codes, one per status: the problem schema, the headers, and an example per code. */
export function problemResponses(codes: readonly ProblemCode[]): Responses {
  const responses: Responses = {};
  for (const code of [...new Set(codes)].sort()) {
    const status = String(PROBLEM_STATUS[code]);
    const response = (responses[status] ??= {
      description: '',
      headers: headersOf(PROBLEM_STATUS[code]),
      content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) }, examples: {} } },
    });
    response.description += `${response.description === '' ? '' : ' '}\`${code}\`: ${PROBLEM_TITLE[code]}.`;
    const media = response.content?.['application/problem+json'];
    if (media?.examples !== undefined) media.examples[code] = { summary: PROBLEM_TITLE[code], value: example(code) };
  }
  return responses;
}

function headersOf(status: number): typeof HEADERS {
  const named = (...names: string[]): typeof HEADERS =>
    Object.fromEntries(Object.entries(HEADERS).filter(([name]) => names.includes(name)));
  if (status === 401) return named('X-Request-Id', 'WWW-Authenticate');
  return status === 429 || status === 503 ? named('X-Request-Id', 'Retry-After') : named('X-Request-Id');
}

function example(code: ProblemCode): ProblemDto {
  return {
    type: 'about:blank',
    title: PROBLEM_TITLE[code],
    status: PROBLEM_STATUS[code],
    code,
    detail: DETAIL[code] ?? `${PROBLEM_TITLE[code]}.`,
    requestId: REQUEST_ID,
    ...(code === 'invalid_request' ? { errors: VIOLATIONS } : {}),
    ...(code === 'sandbox_gone' ? { cause: 'oom_killed', message: 'OOMKilled' } : {}),
  };
}

const VIOLATIONS = [{ pointer: '/resources/limits/memoryMi', detail: 'memoryMi must not be greater than 4096' }];

/** Details as they are really answered, where they tell more than the title. */
const DETAIL: Partial<Record<ProblemCode, string>> = {
  invalid_request: '/resources/limits/memoryMi: memoryMi must not be greater than 4096.',
  unauthenticated: 'The request needs the API key, as `Authorization: Bearer <key>` or `X-Api-Key: <key>`.',
  sandbox_not_found: 'No sandbox "kata-sandbox-7g4kx2p9mz" exists in runtime kata.',
  sandbox_gone:
    'Sandbox kata-sandbox-7g4kx2p9mz is gone since 2026-11-24T09:36:00.000Z (oom_killed): it ran out of memory (OOMKilled). Create one with more memory (resources.limits.memoryMi), or use less.',
  runtime_not_found: 'There is no runtime "gvisor"; configured: kata.',
  limit_reached: 'All 50 sandboxes are in use: delete one, or try again later.',
};
