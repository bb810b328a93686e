import { applyDecorators } from '@nestjs/common';
import { USER_ID_MAX_LENGTH, USER_ID_PATTERN, WAIT_MAX_SECONDS } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IsEnvironment } from './is.environment.js';
import { GrantDto } from './grant.dto.js';
import { IsLabels } from './is.labels.js';
import { IsText } from './text.rule.js';

/** Whom a sandbox is for. */
export function UserIdField({ required }: { required: boolean }): PropertyDecorator {
  const described = {
    description:
      'Whom the sandbox is for; any string without control characters, line separators and direction overrides, an e-mail address for example.',
    minLength: 1,
    maxLength: USER_ID_MAX_LENGTH,
    pattern: USER_ID_PATTERN.source,
    example: 'ada@example.org',
  };
  return applyDecorators(
    ...(required ? [ApiProperty(described)] : [ApiPropertyOptional(described), IsOptional()]),
    IsText(),
    MinLength(1),
    MaxLength(USER_ID_MAX_LENGTH),
    Matches(USER_ID_PATTERN, {
      message: '$property must not have control characters, line separators or direction overrides',
    }),
  );
}

/** The caller's own labels. */
export function LabelsField(): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({
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
    }),
    IsOptional(),
    IsLabels(),
  );
}

/** How long a caller waits for a sandbox, in seconds. */
export function WaitField(description: string): PropertyDecorator {
  const range = { minimum: 0, maximum: WAIT_MAX_SECONDS };
  return applyDecorators(
    ApiPropertyOptional({ description, type: 'integer', ...range, default: 0, example: 10 }),
    IsOptional(),
    IsInt(),
    Min(0),
    Max(WAIT_MAX_SECONDS),
  );
}

/** What everybody who asks for a sandbox may say of it. */
export class SandboxRequestDto extends GrantDto {
  @LabelsField()
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

  @WaitField(
    'How long to wait where there is no sandbox to be had, in seconds: no warm one for an allocation, no room at the limit for a creation. All users of a manager wait in turn.',
  )
  waitSeconds?: number;
}
