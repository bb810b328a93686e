import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import type { PassOutcome, PassState } from '../leadership/pass.js';

const OUTCOMES: PassOutcome[] = ['succeeded', 'failed'];
const STATES: PassState[] = ['running', 'waiting', 'not_leading', 'stopped'];

/** The last run of a pass. */
export class PassRunDto {
  @ApiProperty({
    description: 'How it ended. Of one that failed the log says why.',
    enum: OUTCOMES,
    example: 'succeeded',
  })
  outcome!: PassOutcome;

  @ApiProperty({ description: 'When.', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })
  endedAt!: string;

  @ApiProperty({ description: 'How long it took, in seconds.', minimum: 0, example: 0.004 })
  durationSeconds!: number;
}

/** Work that the manager does again and again. */
export class PassDto {
  @ApiProperty({ description: 'Which.', example: 'cleanup-resync' })
  name!: string;

  @ApiProperty({
    description:
      '`not_leading`: only the manager that leads does it, and this one does not. `stopped`: the manager starts or stops.',
    enum: STATES,
    example: 'waiting',
  })
  state!: PassState;

  @ApiProperty({ description: 'From the end of a run to the next one, in seconds.', minimum: 0, example: 60 })
  intervalSeconds!: number;

  @ApiPropertyOptional({
    description: 'The last run by this manager that is over; absent before there was one.',
    type: PassRunDto,
  })
  lastRun?: PassRunDto;
}

/** One thing that was looked at. */
export class HealthIndicatorDto {
  @ApiProperty({ description: 'Its state.', enum: ['up', 'down'], example: 'up' })
  status!: 'up' | 'down';

  @ApiPropertyOptional({
    description: 'Why it is down, or what is wrong all the same.',
    example: 'The manager shuts down.',
  })
  message?: string;

  @ApiPropertyOptional({ description: 'Of the indicator `passes` alone: all of them.', type: [PassDto] })
  passes?: PassDto[];
}

const INDICATORS = {
  type: 'object',
  additionalProperties: { $ref: getSchemaPath(HealthIndicatorDto) },
} as const;

/** The state of what was looked at, in terminus' form. */
@ApiExtraModels(HealthIndicatorDto)
export class HealthDto {
  @ApiProperty({
    description: '`ok` where everything is up; `shutting_down` in the last moments.',
    enum: ['ok', 'error', 'shutting_down'],
    example: 'ok',
  })
  status!: string;

  @ApiProperty({ ...INDICATORS, description: 'What is up.', example: { kubernetes: { status: 'up' } } })
  info!: Record<string, HealthIndicatorDto>;

  @ApiProperty({ ...INDICATORS, description: 'What is down, and why.', example: {} })
  error!: Record<string, HealthIndicatorDto>;

  @ApiProperty({ ...INDICATORS, description: 'Both together.', example: { kubernetes: { status: 'up' } } })
  details!: Record<string, HealthIndicatorDto>;
}
