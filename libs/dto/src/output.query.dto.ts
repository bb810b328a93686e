import { OUTPUT_ENCODINGS, WAIT_MAX_SECONDS, type OutputEncoding } from '@warmbox/contracts';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Integer } from './query.value.js';

/** Which page of an execution's output is asked for. */
export class OutputQueryDto {
  @ApiPropertyOptional({
    description: 'The offset of the first byte that is wanted: `next` of the page before.',
    type: 'integer',
    format: 'int64',
    minimum: 0,
    maximum: Number.MAX_SAFE_INTEGER,
    default: 0,
    example: 4096,
  })
  @IsOptional()
  @Integer()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  after?: number;

  @ApiPropertyOptional({
    description:
      'Bytes of output that a page has at most, stdout and stderr together. In `utf8` it ends between characters, up to three bytes earlier.',
    type: 'integer',
    minimum: 4,
    maximum: 1_048_576,
    default: 65_536,
    example: 16_384,
  })
  @IsOptional()
  @Integer()
  @IsInt()
  @Min(4)
  @Max(1_048_576)
  limit?: number;

  @ApiPropertyOptional({
    description:
      'Seconds to wait where there is no output after the offset yet; the answer comes with the first of it, and when the execution has completed.',
    type: 'integer',
    minimum: 0,
    maximum: WAIT_MAX_SECONDS,
    default: 0,
    example: 30,
  })
  @IsOptional()
  @Integer()
  @IsInt()
  @Min(0)
  @Max(WAIT_MAX_SECONDS)
  waitSeconds?: number;

  @ApiPropertyOptional({
    description:
      'How the page carries output: `utf8` replaces what is not UTF-8, `base64` is exact for any bytes; however the execution was started.',
    enum: OUTPUT_ENCODINGS,
    default: 'utf8',
    example: 'utf8',
  })
  @IsOptional()
  @IsIn(OUTPUT_ENCODINGS)
  encoding?: OutputEncoding;
}
