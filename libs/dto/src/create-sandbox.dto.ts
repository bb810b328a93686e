import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsBoolean, IsObject, IsOptional, Matches, MaxLength, MinLength, ValidateNested } from 'class-validator';
import { ResourcesDto } from './resources.dto.js';
import { SandboxRequestDto } from './sandbox-request.dto.js';
import { USER_ID_MAX_LENGTH, USER_ID_PATTERN } from '@warmbox/contracts';
import { IsText } from './text.rule.js';

/** What a new sandbox shall be; everything is optional. */
export class CreateSandboxDto extends SandboxRequestDto {
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
    description:
      'Whom the sandbox is for; any string without control characters, line separators and direction overrides, an e-mail address for example.',
    minLength: 1,
    maxLength: USER_ID_MAX_LENGTH,
    pattern: USER_ID_PATTERN.source,
    example: 'ada@example.org',
  })
  @IsOptional()
  @IsText()
  @MinLength(1)
  @MaxLength(USER_ID_MAX_LENGTH)
  @Matches(USER_ID_PATTERN, {
    message: '$property must not have control characters, line separators or direction overrides',
  })
  userId?: string;
}
