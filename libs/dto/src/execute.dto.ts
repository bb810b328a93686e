import {
  COMMAND_MAX_LENGTH,
  EVENT_SELECTIONS,
  EXECUTE_TIMEOUT_DEFAULT_SECONDS,
  EXECUTION_ID_MAX_LENGTH,
  EXECUTION_ID_PATTERN,
  OUTPUT_ENCODINGS,
  STDIN_MAX_BYTES,
  type EventSelection,
  type OutputEncoding,
} from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';
import { IsEnvironment } from './is.environment.js';
import { IsText, MaxBytes } from './text.rule.js';

/** A command to run: exactly one of `command` and `argv`. */
export class ExecuteDto {
  @ApiPropertyOptional({
    description: 'A command line for `/bin/bash -c`. Exactly one of `command` and `argv` is given.',
    minLength: 1,
    maxLength: COMMAND_MAX_LENGTH,
    example: 'for i in 1 2 3; do echo $i; sleep 1; done',
  })
  @IsOptional()
  @IsText()
  @MinLength(1)
  @MaxLength(COMMAND_MAX_LENGTH)
  command?: string;

  @ApiPropertyOptional({
    description: 'A program and its arguments, run without a shell. Exactly one of `command` and `argv` is given.',
    type: [String],
    minItems: 1,
    maxItems: 1024,
    example: ['python3', '-c', 'print(1 + 1)'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1024)
  @IsText({ each: true })
  @MaxLength(COMMAND_MAX_LENGTH, { each: true })
  argv?: string[];

  @ApiPropertyOptional({
    description:
      'Seconds after which the command, and every process that it has started, is ended (exit code 124): SIGTERM, then SIGKILL.',
    type: 'integer',
    minimum: 1,
    maximum: 86_400,
    default: EXECUTE_TIMEOUT_DEFAULT_SECONDS,
    example: 60,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(86_400)
  timeoutSeconds?: number;

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
    description: 'Environment variables of this command, at most 64 KiB as JSON; they override those of the sandbox.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { GREETING: 'hello' },
  })
  @IsOptional()
  @IsEnvironment()
  environmentVariables?: Record<string, string>;

  @ApiPropertyOptional({
    description:
      'Text for standard input, which ends after it unless `keepStdinOpen` is set; at most 1 MiB in UTF-8. Without it standard input is empty.',
    maxLength: STDIN_MAX_BYTES,
    example: 'three\nlines\nof text\n',
  })
  @IsOptional()
  @IsText()
  @MaxBytes(STDIN_MAX_BYTES)
  stdin?: string;

  @ApiPropertyOptional({
    description:
      'Whether standard input stays open, after `stdin` where that is given, for what is sent to `…/executions/{id}/stdin`, until a request there ends it or the execution is over. A program that waits for it is subject to its time limit as any other.',
    default: false,
    example: true,
  })
  @IsOptional()
  @IsBoolean()
  keepStdinOpen?: boolean;

  @ApiPropertyOptional({
    description:
      'Names the execution, so that it can be asked for although the answer was lost: 8 to 64 of a–z, 0–9 and `-`. One that the sandbox has already, running or kept, is 409 `conflict`. Without it the execution gets a name of its own.',
    minLength: 8,
    maxLength: EXECUTION_ID_MAX_LENGTH,
    pattern: EXECUTION_ID_PATTERN.source,
    example: 'build-4711',
  })
  @IsOptional()
  @IsText()
  @MaxLength(EXECUTION_ID_MAX_LENGTH)
  @Matches(EXECUTION_ID_PATTERN, { message: '$property must be 8 to 64 of a-z, 0-9 and -' })
  executionId?: string;

  @ApiPropertyOptional({
    description: 'How OutputEvent carries data: `utf8` replaces what is not UTF-8, `base64` is exact for any bytes.',
    enum: OUTPUT_ENCODINGS,
    default: 'utf8',
    example: 'utf8',
  })
  @IsOptional()
  @IsIn(OUTPUT_ENCODINGS)
  encoding?: OutputEncoding;

  @ApiPropertyOptional({
    description: '`original` sends OutputEvent, CompletedEvent and ErrorEvent only; `all` sends every event.',
    enum: EVENT_SELECTIONS,
    default: 'original',
    example: 'all',
  })
  @IsOptional()
  @IsIn(EVENT_SELECTIONS)
  events?: EventSelection;

  @ApiPropertyOptional({
    description:
      'Whether the command goes on without readers, until it ends or its time is up. It never waits for one either: who comes too late gets a GapEvent.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  detached?: boolean;

  @ApiPropertyOptional({
    description: 'Seconds for which the command lives on after its last reader has left.',
    type: 'integer',
    minimum: 0,
    maximum: 3600,
    default: 5,
    example: 5,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(3600)
  disconnectGraceSeconds?: number;

  @ApiPropertyOptional({
    description:
      'Bytes of stdout and stderr together that a JSON answer keeps; the rest is dropped and `truncated` says so.',
    type: 'integer',
    minimum: 1,
    maximum: 16_777_216,
    default: 1_048_576,
    example: 65_536,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(16_777_216)
  maxOutputBytes?: number;
}

/** What a command did, as the JSON answer of execute. */
export class ExecuteResultDto {
  @ApiProperty({ description: 'The execution.', example: 'x7f3k9d2m5q8w1z4' })
  executionId!: string;

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

  @ApiProperty({ description: 'Standard output, in the encoding that was asked for.', example: '1\n2\n3\n' })
  stdout!: string;

  @ApiProperty({ description: 'Standard error, in the encoding that was asked for.', example: '' })
  stderr!: string;

  @ApiProperty({ description: 'Whether output beyond `maxOutputBytes` was dropped.', example: false })
  truncated!: boolean;
}
