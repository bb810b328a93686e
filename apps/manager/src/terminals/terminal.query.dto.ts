import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, Matches, MaxLength } from 'class-validator';

/** From where a terminal is looked at. */
export class ConnectQueryDto {
  @ApiPropertyOptional({
    description:
      'How many bytes of output the viewer has: what follows them is sent. Without it all that is kept is sent. Where some of that is kept no longer, a `gap` says how much.',
    pattern: '^\\d+$',
    maxLength: 15,
    example: '4096',
  })
  @IsOptional()
  @MaxLength(15)
  @Matches(/^\d+$/, { message: '$property must be an offset: a whole number of bytes' })
  after?: string;
}
