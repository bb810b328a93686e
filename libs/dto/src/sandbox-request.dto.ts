import { WAIT_MAX_SECONDS } from '@warmbox/contracts';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsEnvironment } from './is.environment.js';
import { GrantDto } from './grant.dto.js';
import { IsLabels } from './is.labels.js';

/** What everybody who asks for a sandbox may say of it. */
export class SandboxRequestDto extends GrantDto {
  @ApiPropertyOptional({
    description:
      'Labels of your own, as Kubernetes takes them, at most 32. Reserved: `app`, `runtime`, and the domains warmbox.dev, kubernetes.io and k8s.io.',
    type: 'object',
    additionalProperties: {
      type: 'string',
      maxLength: 63,
      pattern: '^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$',
    },
    maxProperties: 32,
    example: { team: 'search' },
  })
  @IsOptional()
  @IsLabels()
  labels?: Record<string, string>;

  @ApiPropertyOptional({
    description: 'Environment variables of every command in the sandbox, at most 64 KiB as JSON.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { GREETING: 'hello' },
  })
  @IsOptional()
  @IsEnvironment()
  environmentVariables?: Record<string, string>;

  @ApiPropertyOptional({
    description:
      'How long to wait where there is no sandbox to be had, in seconds: no warm one for an allocation, no room at the limit for a creation. All users of a manager wait in turn.',
    type: 'integer',
    minimum: 0,
    maximum: WAIT_MAX_SECONDS,
    default: 0,
    example: 10,
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(WAIT_MAX_SECONDS)
  waitSeconds?: number;
}
