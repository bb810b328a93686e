import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { GONE_CAUSES_TEXT, PROBLEM_STATUS, type Problem, type ProblemCode, type Violation } from '@warmbox/contracts';

/** One violated rule of a request. */
export class ViolationDto implements Violation {
  @ApiProperty({
    description:
      'Where in the request, as an RFC 6901 JSON pointer into the body, or `?name` of the query, or a header name, or `url`.',
    example: '/resources/limits/memoryMi',
  })
  pointer!: string;

  @ApiProperty({ description: 'The rule that is violated.', example: 'memoryMi must not be greater than 4096' })
  detail!: string;
}

/** An error, as RFC 9457 `application/problem+json`. */
export class ProblemDto implements Problem {
  @ApiProperty({ description: 'Always `about:blank`: `code` identifies the problem.', example: 'about:blank' })
  type!: string;

  @ApiProperty({
    description: 'What kind of problem it is; the same text for every occurrence of a code.',
    example: 'There is no such sandbox',
  })
  title!: string;

  @ApiProperty({
    description: 'The HTTP status of the answer.',
    type: 'integer',
    minimum: 400,
    maximum: 599,
    example: 404,
  })
  status!: number;

  @ApiProperty({
    description: 'Identifies the problem; made for programs.',
    enum: Object.keys(PROBLEM_STATUS),
    example: 'sandbox_not_found',
  })
  code!: ProblemCode;

  @ApiProperty({
    description: 'What was asked, what is wrong and what to do.',
    example: 'No sandbox kata-sandbox-7g4kx2p9 exists in runtime kata.',
  })
  detail!: string;

  @ApiProperty({
    description: 'The `X-Request-Id` of the answer, under which the logs tell more.',
    example: '0b0f6a9c-0c5f-4a5e-9a43-0f0c1f2f9f10',
  })
  requestId!: string;

  @ApiPropertyOptional({
    description: 'With `invalid_request`: every violated rule, at most 100 and 32 KiB of them.',
    type: [ViolationDto],
  })
  errors?: ViolationDto[];

  @ApiPropertyOptional({
    description: 'With `conflict`, where standard input takes no more: how many bytes of the request it took.',
    type: 'integer',
    format: 'int64',
    minimum: 0,
    example: 4096,
  })
  bytes?: number;

  @ApiPropertyOptional({
    description: `With \`sandbox_gone\`: why, where that is known. ${GONE_CAUSES_TEXT}`,
    example: 'oom_killed',
  })
  cause?: string;

  @ApiPropertyOptional({
    description: 'With `sandbox_gone`: what Kubernetes said of its end, where it said something; for people.',
    example: 'OOMKilled',
  })
  message?: string;
}
