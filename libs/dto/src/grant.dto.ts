import { GRANT_MAX_SECONDS, GRANT_MIN_SECONDS } from '@warmbox/contracts';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** For how long a sandbox is somebody's, from the moment of the request. */
export class GrantDto {
  @ApiPropertyOptional({
    description:
      'Seconds from now after which the sandbox is removed, whatever it does then. At most `maxContainerLifetimeMinutes` of the configuration, which is the default.',
    type: 'integer',
    minimum: GRANT_MIN_SECONDS,
    maximum: GRANT_MAX_SECONDS,
    example: 600,
  })
  @IsOptional()
  @IsInt()
  @Min(GRANT_MIN_SECONDS)
  @Max(GRANT_MAX_SECONDS)
  lifetimeSeconds?: number;

  @ApiPropertyOptional({
    description:
      'Seconds without activity after which the sandbox is removed; `idleTimeoutMinutes` of the configuration is the default. A command that runs, an attached stream and a process in the background are activity.',
    type: 'integer',
    minimum: GRANT_MIN_SECONDS,
    maximum: GRANT_MAX_SECONDS,
    example: 120,
  })
  @IsOptional()
  @IsInt()
  @Min(GRANT_MIN_SECONDS)
  @Max(GRANT_MAX_SECONDS)
  idleTimeoutSeconds?: number;
}
