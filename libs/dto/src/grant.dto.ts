import { applyDecorators } from '@nestjs/common';
import { GRANT_MAX_SECONDS, GRANT_MIN_SECONDS } from '@warmbox/contracts';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** A time for which a sandbox is granted, in seconds. */
export function GrantField(description: string, example: number): PropertyDecorator {
  const range = { minimum: GRANT_MIN_SECONDS, maximum: GRANT_MAX_SECONDS };
  return applyDecorators(
    ApiPropertyOptional({ description, type: 'integer', ...range, example }),
    IsOptional(),
    IsInt(),
    Min(GRANT_MIN_SECONDS),
    Max(GRANT_MAX_SECONDS),
  );
}

/** For how long a sandbox is somebody's, from the moment of the request. */
export class GrantDto {
  @GrantField(
    'Seconds from now after which the sandbox is removed, whatever it does then. At most `maxContainerLifetimeMinutes` of the configuration, which is the default.',
    600,
  )
  lifetimeSeconds?: number;

  @GrantField(
    'Seconds without activity after which the sandbox is removed; `idleTimeoutMinutes` of the configuration is the default. A command that runs, an attached stream and a process in the background are activity.',
    120,
  )
  idleTimeoutSeconds?: number;
}
