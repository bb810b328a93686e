import { OUTPUT_ENCODINGS, RUN_FILE_MAX_BYTES, type OutputEncoding } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, Matches, MaxLength, MinLength } from 'class-validator';
import { IsText, MaxBytes } from './text.rule.js';

/** A small file that is written before the command begins. */
export class RunFileDto {
  @ApiProperty({
    description: 'Where it is written, relative to /workspace or absolute; folders on the way are made.',
    minLength: 1,
    maxLength: 4096,
    example: 'src/main.py',
  })
  @IsText()
  @MinLength(1)
  @MaxLength(4096)
  path!: string;

  @ApiProperty({
    description: 'What is in it: text, or with `encoding: base64` any bytes; at most 1 MiB as it is sent.',
    maxLength: RUN_FILE_MAX_BYTES,
    example: 'print(6 * 7)\n',
  })
  @IsText()
  @MaxBytes(RUN_FILE_MAX_BYTES)
  content!: string;

  @ApiPropertyOptional({
    description: 'How `content` stands for its bytes.',
    enum: OUTPUT_ENCODINGS,
    default: 'utf8',
    example: 'utf8',
  })
  @IsOptional()
  @IsIn(OUTPUT_ENCODINGS)
  encoding?: OutputEncoding;

  @ApiPropertyOptional({
    description: 'Its mode, octal (0666 less the umask).',
    pattern: '^[0-7]{3,4}$',
    example: '0755',
  })
  @IsOptional()
  @IsText()
  @MaxLength(4)
  @Matches(/^[0-7]{3,4}$/, { message: '$property must be three or four octal digits' })
  mode?: string;
}
