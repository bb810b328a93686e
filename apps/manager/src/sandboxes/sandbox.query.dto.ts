import { ApiPropertyOptional } from '@nestjs/swagger';
import { LABELS_MAX, SANDBOX_STATUSES, USER_ID_MAX_LENGTH, type SandboxStatus } from '@warmbox/contracts';
import { Flag, Integer } from '@warmbox/dto';
import { Transform } from 'class-transformer';
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';

/** The most characters of a cursor: a name and a runtime in base64. */
const CURSOR_MAX_LENGTH = 400;

/** The most characters of `key=value`: those of the longest label that there can be. */
const LABEL_MAX_LENGTH = 253 + 1 + 63 + 1 + 63;

/** A parameter that may be repeated, as an array. */
const Repeatable = (): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (value === undefined || Array.isArray(value) ? value : [value]));

/** Which sandboxes of a runtime. */
export class SandboxFilterDto {
  @ApiPropertyOptional({ description: 'Only sandboxes in this state.', enum: SANDBOX_STATUSES, example: 'manual' })
  @IsOptional()
  @IsIn(SANDBOX_STATUSES)
  status?: SandboxStatus;

  @ApiPropertyOptional({
    description: 'Only those of this user.',
    maxLength: USER_ID_MAX_LENGTH,
    example: 'ada@example.org',
  })
  @IsOptional()
  @IsString()
  @MaxLength(USER_ID_MAX_LENGTH)
  userId?: string;

  @ApiPropertyOptional({
    description: 'Only those with this label, as `key=value`; may be repeated, then all must be there.',
    type: [String],
    maxItems: LABELS_MAX,
    items: { type: 'string', pattern: '^[^=]+=.*$' },
    example: ['team=search'],
  })
  @IsOptional()
  @Repeatable()
  @ArrayMaxSize(LABELS_MAX)
  @MaxLength(LABEL_MAX_LENGTH, { each: true })
  @Matches(/^[^=]+=.*$/, { each: true, message: 'each label must be key=value' })
  label?: string[];
}

export class ListSandboxesDto extends SandboxFilterDto {
  @ApiPropertyOptional({
    description: 'The most sandboxes of one answer; the `Link` header leads to the next.',
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    example: 100,
  })
  @IsOptional()
  @Integer()
  @IsInt()
  @Min(1)
  @Max(1000)
  limit?: number;

  @ApiPropertyOptional({
    description: 'Where to go on: taken from the `Link` header of the page before.',
    maxLength: CURSOR_MAX_LENGTH,
    pattern: '^[A-Za-z0-9_-]*$',
    example: 'a2F0YS1zYW5kYm94LTdnNGt4MnA5bQ',
  })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_-]*$/, { message: 'cursor must come from a Link header' })
  @MaxLength(CURSOR_MAX_LENGTH)
  cursor?: string;
}

export class DeleteSandboxesDto extends SandboxFilterDto {
  @ApiPropertyOptional({ description: 'Whether warm sandboxes are deleted too.', default: false, example: false })
  @IsOptional()
  @Flag()
  @IsBoolean()
  includeWarm?: boolean;
}
