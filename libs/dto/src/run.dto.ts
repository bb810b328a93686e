import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { ExecuteDto } from './execute.dto.js';
import { RUN_FILES_MAX } from '@warmbox/contracts';
import { GrantField } from './grant.dto.js';
import { IsListOf } from './list.of.js';
import { RunFileDto } from './run-file.dto.js';
import { LabelsField, UserIdField, WaitField } from './sandbox-request.dto.js';

/** A command to run in a sandbox of its own, and what that sandbox shall be. */
export class RunDto extends ExecuteDto {
  @ApiPropertyOptional({
    description:
      'Small files that are written before the command begins; at most 100, 4 MiB together as they are sent.',
    type: [RunFileDto],
    maxItems: RUN_FILES_MAX,
    example: [{ path: 'main.py', content: 'print(6 * 7)\n' }],
  })
  @IsOptional()
  @IsListOf(RunFileDto, RUN_FILES_MAX)
  files?: RunFileDto[];

  @UserIdField({ required: false })
  userId?: string;

  @LabelsField()
  labels?: Record<string, string>;

  @WaitField(
    'How long to wait for room at the limit, in seconds, where no sandbox is warm. All users of a manager wait in turn. The answer begins when the command does.',
  )
  waitSeconds?: number;

  @GrantField(
    'Seconds from now after which the sandbox is removed, whatever it does then. The default is `timeoutSeconds` and some minutes more, with `keep` `maxContainerLifetimeMinutes` of the configuration, which is the most in either case.',
    600,
  )
  lifetimeSeconds?: number;

  @GrantField(
    'Seconds without activity after which the sandbox is removed where nobody has done it before. The default is 30, with `keep` `idleTimeoutMinutes` of the configuration.',
    30,
  )
  idleTimeoutSeconds?: number;

  @ApiPropertyOptional({
    description:
      'Whether the sandbox stays when the command is over; its name is in the header `X-Sandbox-Name`. Its later commands have `environmentVariables` too.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  keep?: boolean;
}
