import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { GONE_CAUSES_TEXT, PROBLEM_STATUS, type ExecutionEventName, type ProblemCode } from '@warmbox/contracts';

/** The command runs. Sent with `events: all` and on GET …/events. Id: `0s`. */
export class StartedEventDto {
  @ApiProperty({ description: 'The execution.', example: 'x7f3k9d2m5q8w1z4' })
  executionId!: string;

  @ApiProperty({ description: 'The process, which leads its group.', type: 'integer', minimum: 1, example: 42 })
  pid!: number;

  @ApiProperty({
    description: 'When it started (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  startedAt!: string;
}

/** Bytes that the command wrote, as they came. Id: the offset after them in the log of stdout and stderr together. */
export class OutputEventDto {
  @ApiProperty({ description: 'The process.', type: 'integer', minimum: 1, example: 42 })
  pid!: number;

  @ApiProperty({ description: 'Where it wrote them.', enum: ['Stdout', 'Stderr'], example: 'Stdout' })
  stream!: 'Stdout' | 'Stderr';

  @ApiProperty({ description: 'The bytes; never part of a UTF-8 character.', example: '1\n' })
  data!: string;

  @ApiPropertyOptional({ description: 'Present where `data` is base64.', enum: ['base64'], example: 'base64' })
  encoding?: 'base64';
}

/** Output that was evicted before this reader came. Id: the offset after it. */
export class GapEventDto {
  @ApiProperty({ description: 'The process.', type: 'integer', minimum: 1, example: 42 })
  pid!: number;

  @ApiProperty({ description: 'How many bytes are gone.', type: 'integer', minimum: 1, example: 1_048_576 })
  bytes!: number;
}

/** The sandbox, and with it the command, ends soon. Sent with `events: all` and on GET …/events, about a minute before. Without id. */
export class ExpiringEventDto {
  @ApiProperty({
    description: 'When the sandbox ends unless its lifetime is renewed (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:45:00.000Z',
  })
  expiresAt!: string;

  @ApiProperty({ description: 'Why it ends.', enum: ['lifetime'], example: 'lifetime' })
  reason!: 'lifetime';
}

/** The command is over; exactly one, the last event. Id: the final offset and `e`. */
export class CompletedEventDto {
  @ApiProperty({ description: 'The process.', type: 'integer', minimum: 1, example: 42 })
  pid!: number;

  @ApiProperty({
    description: "The process's own; 128 + n when signal n ended it; 124 after a time-out.",
    type: 'integer',
    minimum: 0,
    maximum: 255,
    example: 0,
  })
  exitCode!: number;

  @ApiProperty({ description: 'Whether its time ran out.', example: false })
  timedOut!: boolean;

  @ApiPropertyOptional({ description: 'The signal that ended it.', example: 'SIGTERM' })
  signal?: string;

  @ApiPropertyOptional({
    description: 'Present and true where a request or the absence of readers ended it.',
    example: true,
  })
  cancelled?: boolean;

  @ApiProperty({ description: 'From start to end, in milliseconds.', minimum: 0, example: 3012 })
  durationMs!: number;

  @ApiProperty({ description: 'Bytes of output, stdout and stderr together.', type: 'integer', minimum: 0, example: 6 })
  bytes!: number;
}

/** The stream ends without a result: resume it, or ask for the execution; not with `sandbox_gone`, which is the end of both. Without id. */
export class ErrorEventDto {
  @ApiProperty({ description: 'Why.', enum: Object.keys(PROBLEM_STATUS), example: 'shutting_down' })
  code!: ProblemCode;

  @ApiProperty({
    description: 'What happened and what to do.',
    example: 'The manager shuts down; resume with Last-Event-ID.',
  })
  detail!: string;

  @ApiPropertyOptional({
    description: `With \`sandbox_gone\`: why the sandbox is gone, where that is known. ${GONE_CAUSES_TEXT}`,
    example: 'oom_killed',
  })
  cause?: string;
}

/** Every event of an execution's stream, by its SSE name. */
export interface ExecutionEvents extends Record<ExecutionEventName, object> {
  StartedEvent: StartedEventDto;
  OutputEvent: OutputEventDto;
  GapEvent: GapEventDto;
  ExpiringEvent: ExpiringEventDto;
  CompletedEvent: CompletedEventDto;
  ErrorEvent: ErrorEventDto;
}
