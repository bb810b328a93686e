import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { Flag } from './query.value.js';

/** How bytes are written to standard input. */
export class StdinQueryDto {
  @ApiPropertyOptional({
    description: 'Whether standard input ends after the body. Where the body breaks off it stays open.',
    default: false,
    example: true,
  })
  @IsOptional()
  @Flag()
  @IsBoolean()
  end?: boolean;
}

/** What has become of bytes for standard input. */
export class StdinDto {
  @ApiProperty({ description: 'The execution.', example: 'x7f3k9d2m5q8w1z4' })
  executionId!: string;

  @ApiProperty({
    description: 'How many bytes of the body the program has read, or its pipe has: all of them.',
    type: 'integer',
    format: 'int64',
    minimum: 0,
    example: 1024,
  })
  bytes!: number;

  @ApiProperty({ description: 'Whether standard input has ended after them.', example: false })
  ended!: boolean;
}
