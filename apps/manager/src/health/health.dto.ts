import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';

/** One thing that was looked at. */
export class HealthIndicatorDto {
  @ApiProperty({ description: 'Its state.', enum: ['up', 'down'], example: 'up' })
  status!: 'up' | 'down';

  @ApiPropertyOptional({
    description: 'Why it is down, or what is wrong all the same.',
    example: 'The manager shuts down.',
  })
  message?: string;
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
