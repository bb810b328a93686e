import {
  COMMAND_MAX_LENGTH,
  TERMINAL_GRACE_DEFAULT_SECONDS,
  TERMINAL_ID,
  TERMINAL_SIDE_MAX,
  TERMINAL_STATES,
  type TerminalState,
} from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { IsEnvironment } from './is.environment.js';
import { IsText } from './text.rule.js';

/** A terminal to make. */
export class CreateTerminalDto {
  @ApiPropertyOptional({
    description: 'The program and its arguments. Without them a login shell: `/bin/bash -l`.',
    type: [String],
    minItems: 1,
    maxItems: 1024,
    example: ['/bin/bash', '-l'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1024)
  @IsText({ each: true })
  @MaxLength(COMMAND_MAX_LENGTH, { each: true })
  argv?: string[];

  @ApiPropertyOptional({
    description: 'The working directory, absolute or relative to /workspace.',
    minLength: 1,
    maxLength: 4096,
    default: '/workspace',
    example: '/workspace',
  })
  @IsOptional()
  @IsText()
  @MinLength(1)
  @MaxLength(4096)
  cwd?: string;

  @ApiPropertyOptional({
    description:
      'Environment variables of this terminal, at most 64 KiB as JSON; they override those of the sandbox, and `TERM` (`xterm-256color`).',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { EDITOR: 'vim' },
  })
  @IsOptional()
  @IsEnvironment()
  environmentVariables?: Record<string, string>;

  @ApiProperty({
    description: 'Columns of the screen.',
    type: 'integer',
    minimum: 1,
    maximum: TERMINAL_SIDE_MAX,
    example: 80,
  })
  @IsInt()
  @Min(1)
  @Max(TERMINAL_SIDE_MAX)
  cols!: number;

  @ApiProperty({
    description: 'Rows of the screen.',
    type: 'integer',
    minimum: 1,
    maximum: TERMINAL_SIDE_MAX,
    example: 24,
  })
  @IsInt()
  @Min(1)
  @Max(TERMINAL_SIDE_MAX)
  rows!: number;

  @ApiPropertyOptional({
    description: 'Names it in every path; one that is kept already is 409 `conflict`. Without it a name is made up.',
    pattern: TERMINAL_ID.source,
    example: 'main',
  })
  @IsOptional()
  @MaxLength(64)
  @Matches(TERMINAL_ID, { message: '$property must be 1 to 64 of a-z, 0-9 and -' })
  terminalId?: string;

  @ApiPropertyOptional({
    description: 'Seconds for which it lives without a viewer; then it is ended.',
    type: 'integer',
    minimum: 0,
    maximum: 3600,
    default: TERMINAL_GRACE_DEFAULT_SECONDS,
    example: 600,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(3600)
  disconnectGraceSeconds?: number;
}

/** A terminal of a sandbox. */
export class TerminalDto {
  @ApiProperty({ description: 'Names it in every path.', example: 'main' })
  id!: string;

  @ApiProperty({ description: 'Of its program, as the sandbox sees it.', type: 'integer', minimum: 1, example: 42 })
  pid!: number;

  @ApiProperty({ description: 'The program and its arguments.', example: '/bin/bash -l' })
  command!: string;

  @ApiProperty({
    description:
      'Whether its program has ended. One that has is kept for a while, so that a viewer can still read its end.',
    enum: TERMINAL_STATES,
    example: 'running',
  })
  state!: TerminalState;

  @ApiProperty({ description: 'Columns of the screen.', type: 'integer', minimum: 1, example: 80 })
  cols!: number;

  @ApiProperty({ description: 'Rows of the screen.', type: 'integer', minimum: 1, example: 24 })
  rows!: number;

  @ApiProperty({ description: 'How many are connected to it.', type: 'integer', minimum: 0, example: 1 })
  viewers!: number;

  @ApiProperty({
    description: 'Bytes of output so far: the offset after the last one.',
    type: 'integer',
    minimum: 0,
    example: 4096,
  })
  bytes!: number;

  @ApiProperty({
    description: 'The offset of the oldest byte of output that is kept: from here on `connect` replays.',
    type: 'integer',
    minimum: 0,
    example: 0,
  })
  keptFrom!: number;

  @ApiProperty({
    description: 'When it was made (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  startedAt!: string;

  @ApiPropertyOptional({
    description: 'When its program ended (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:35:00.000Z',
  })
  endedAt?: string;

  @ApiPropertyOptional({
    description: "The program's own; 128 + n when signal n ended it.",
    type: 'integer',
    minimum: 0,
    maximum: 255,
    example: 0,
  })
  exitCode?: number;

  @ApiPropertyOptional({ description: 'The signal that ended it.', example: 'SIGHUP' })
  signal?: string;
}
