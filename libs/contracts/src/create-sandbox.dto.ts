import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, Matches, MaxLength, MinLength, ValidateNested } from 'class-validator';
import { IsEnvironment } from './environment.rule.js';
import { IsLabels } from './labels.rule.js';
import { ResourcesDto } from './resources.dto.js';

export const USER_ID_MAX_LENGTH = 256;
export const USER_ID_PATTERN = /^[^\u0000-\u001f\u007f-\u009f]*$/;

/** What a new sandbox shall be; everything is optional. */
export class CreateSandboxDto {
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

  @ApiPropertyOptional({ description: 'Requests and limits of memory and CPU.', type: ResourcesDto })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ResourcesDto)
  resources?: ResourcesDto;

  @ApiPropertyOptional({
    description:
      'Whether the answer waits until commands can run in the sandbox. With false it ends once the pod exists.',
    default: true,
    example: true,
  })
  @IsOptional()
  @IsBoolean()
  waitForReady?: boolean;

  @ApiPropertyOptional({
    description: 'Whom the sandbox is for; any string without control characters, an e-mail address for example.',
    minLength: 1,
    maxLength: USER_ID_MAX_LENGTH,
    pattern: USER_ID_PATTERN.source,
    example: 'ada@example.org',
  })
  @IsOptional()
  @MinLength(1)
  @MaxLength(USER_ID_MAX_LENGTH)
  @Matches(USER_ID_PATTERN, { message: '$property must not have control characters' })
  userId?: string;
}
