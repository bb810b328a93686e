import { EXECUTION_STATES, SIGNALS, type ExecutionState, type SignalName } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

/** One command that ran or runs in a sandbox. */
export class ExecutionDto {
  @ApiProperty({ description: 'Names it in every path.', example: 'x7f3k9d2m5q8w1z4' })
  id!: string;

  @ApiProperty({
    description: 'The command line, or the program and its arguments, as they were asked for.',
    example: 'make test',
  })
  command!: string;

  @ApiProperty({ description: 'Whether it is over.', enum: EXECUTION_STATES, example: 'completed' })
  state!: ExecutionState;

  @ApiPropertyOptional({
    description: "The process's own; 128 + n when signal n ended it; 124 after a time-out.",
    type: 'integer',
    minimum: 0,
    maximum: 255,
    example: 0,
  })
  exitCode?: number;

  @ApiPropertyOptional({ description: 'The signal that ended it.', example: 'SIGKILL' })
  signal?: string;

  @ApiProperty({ description: 'Whether its time ran out.', example: false })
  timedOut!: boolean;

  @ApiProperty({
    description: 'When it started (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  startedAt!: string;

  @ApiPropertyOptional({
    description: 'When it ended (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:03.012Z',
  })
  endedAt?: string;

  @ApiProperty({
    description: 'Bytes of output so far, stdout and stderr together.',
    type: 'integer',
    minimum: 0,
    example: 6,
  })
  bytes!: number;
}

/** A signal for an execution. */
export class SignalDto {
  @ApiProperty({
    description: 'The name of the signal. Every process of the group of the execution gets it.',
    enum: SIGNALS,
    example: 'SIGINT',
  })
  @IsIn(SIGNALS)
  signal!: SignalName;
}

const OFFSET = { type: 'integer', format: 'int64', minimum: 0 } as const;

/** One page of an execution's output. */
export class OutputPageDto {
  @ApiProperty({ description: 'The execution.', example: 'x7f3k9d2m5q8w1z4' })
  executionId!: string;

  @ApiProperty({
    description: 'Whether the execution is over. There is no more output once it is and `next` equals `end`.',
    enum: EXECUTION_STATES,
    example: 'running',
  })
  state!: ExecutionState;

  @ApiProperty({
    description: 'What of the page is standard output, in the encoding that was asked for.',
    example: '1\n2\n',
  })
  stdout!: string;

  @ApiProperty({ description: 'What of the page is standard error, in the encoding that was asked for.', example: '' })
  stderr!: string;

  @ApiProperty({ description: 'The offset of the first byte of the page.', ...OFFSET, example: 0 })
  from!: number;

  @ApiProperty({ description: 'The offset after its last byte: `after` of the next page.', ...OFFSET, example: 4 })
  next!: number;

  @ApiProperty({ description: 'The offset after the last byte that there is so far.', ...OFFSET, example: 4 })
  end!: number;

  @ApiProperty({
    description: 'How many bytes between `after` and `from` are no longer kept.',
    ...OFFSET,
    example: 0,
  })
  gap!: number;

  @ApiPropertyOptional({
    description: "Once it is over: the process's own; 128 + n when signal n ended it; 124 after a time-out.",
    type: 'integer',
    minimum: 0,
    maximum: 255,
    example: 0,
  })
  exitCode?: number;
}
