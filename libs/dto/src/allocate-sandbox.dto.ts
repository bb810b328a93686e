import { ApiProperty } from '@nestjs/swagger';
import { Matches, MaxLength, MinLength } from 'class-validator';
import { SandboxRequestDto } from './sandbox-request.dto.js';
import { USER_ID_MAX_LENGTH, USER_ID_PATTERN } from '@warmbox/contracts';
import { IsText } from './text.rule.js';

/** For whom a warm sandbox is taken, and what is bound to it. */
export class AllocateSandboxDto extends SandboxRequestDto {
  @ApiProperty({
    description:
      'Whom the sandbox is for; any string without control characters, line separators and direction overrides, an e-mail address for example.',
    minLength: 1,
    maxLength: USER_ID_MAX_LENGTH,
    pattern: USER_ID_PATTERN.source,
    example: 'ada@example.org',
  })
  @IsText()
  @MinLength(1)
  @MaxLength(USER_ID_MAX_LENGTH)
  @Matches(USER_ID_PATTERN, {
    message: '$property must not have control characters, line separators or direction overrides',
  })
  userId!: string;
}
