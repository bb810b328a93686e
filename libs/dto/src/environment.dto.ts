import { ApiProperty } from '@nestjs/swagger';
import { IsEnvironment } from './is.environment.js';

/** The variables of a sandbox's session. */
export class EnvironmentDto {
  @ApiProperty({
    description: 'Environment variables of every later command, at most 64 KiB as JSON; they replace those before.',
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { GREETING: 'hello' },
  })
  @IsEnvironment()
  environmentVariables!: Record<string, string>;
}
