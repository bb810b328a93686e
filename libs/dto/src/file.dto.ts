import { FILE_TYPES, PATH_ENCODINGS, type FileType, type PathEncoding } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsOptional, Matches, MaxLength, MinLength } from 'class-validator';
import { IsText } from './text.rule.js';

/** Characters of a path that is percent-encoded: three times as many as the bytes that Linux takes. */
const PATH_MAX_LENGTH = 12_288;

/** A file, a folder, or what else there is in one. */
export class FileEntryDto {
  @ApiProperty({ description: 'Its name in its folder.', example: 'report.csv' })
  name!: string;

  @ApiProperty({
    description: 'Where it is, absolute: as every `path` of a request may say it.',
    example: '/workspace/data/report.csv',
  })
  path!: string;

  @ApiPropertyOptional({
    description:
      'Present where `name`, `path` or `target` is no UTF-8: then they are percent-encoded, to be put into a URL as they are, or into a body together with this.',
    enum: PATH_ENCODINGS,
    example: 'percent',
  })
  encoding?: PathEncoding;

  @ApiProperty({ description: 'What it is.', enum: FILE_TYPES, example: 'file' })
  type!: FileType;

  @ApiProperty({ description: 'Bytes of content.', type: 'integer', format: 'int64', minimum: 0, example: 1024 })
  size!: number;

  @ApiProperty({
    description: 'Who may do what with it, octal, with the bits for setuid, setgid and sticky.',
    pattern: '^[0-7]{4}$',
    example: '0644',
  })
  mode!: string;

  @ApiProperty({ description: 'Its owner.', type: 'integer', minimum: 0, example: 1000 })
  uid!: number;

  @ApiProperty({ description: 'Its group.', type: 'integer', minimum: 0, example: 1000 })
  gid!: number;

  @ApiProperty({
    description: 'When its content changed last (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  mtime!: string;

  @ApiProperty({
    description: 'When its content, mode, owner or name changed last (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  ctime!: string;

  @ApiPropertyOptional({ description: 'Of a symlink: what it says.', example: '../shared/report.csv' })
  target?: string;

  @ApiPropertyOptional({ description: 'Of a file: as GET of its content says it.', example: '"3f-400-2b7c9-1a"' })
  etag?: string;

  @ApiPropertyOptional({
    description: 'Of a folder whose own entries belong into the list: that this user may not read them.',
    example: true,
  })
  unreadable?: boolean;
}

const Path =
  (description: string, example: string): PropertyDecorator =>
  (target, key) => {
    const decorators = [
      ApiProperty({ description, minLength: 1, maxLength: PATH_MAX_LENGTH, example }),
      IsText(),
      MinLength(1),
      MaxLength(PATH_MAX_LENGTH),
    ];
    for (const decorate of decorators) decorate(target, key);
  };

const Encoding = (): PropertyDecorator => (target, key) => {
  const decorators = [
    ApiPropertyOptional({
      description: 'That the paths of this request are percent-encoded, for names that are no UTF-8.',
      enum: PATH_ENCODINGS,
      example: 'percent',
    }),
    IsOptional(),
    IsIn(PATH_ENCODINGS),
  ];
  for (const decorate of decorators) decorate(target, key);
};

/** A folder to be made. */
export class MakeFolderDto {
  @Path('Where it is to be: relative to /workspace, or absolute. Folders on the way are made.', 'data/2026')
  path!: string;

  @Encoding()
  encoding?: PathEncoding;

  @ApiPropertyOptional({
    description: 'Its mode, octal; without it 0777 less the umask. A folder that exists keeps its own.',
    pattern: '^[0-7]{3,4}$',
    example: '0750',
  })
  @IsOptional()
  @MaxLength(4)
  @Matches(/^[0-7]{3,4}$/, { message: 'mode must be three or four octal digits' })
  mode?: string;
}

/** A file or folder to be moved. */
export class MoveFileDto {
  @Path('What is moved: relative to /workspace, or absolute. A symlink is moved itself.', 'data/report.csv')
  from!: string;

  @Path('Its new path, with its name. Folders on the way are made.', 'archive/report-2026.csv')
  to!: string;

  @Encoding()
  encoding?: PathEncoding;

  @ApiPropertyOptional({
    description: 'Whether a file at `to`, or an empty folder, is replaced. Otherwise 409.',
    default: false,
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  overwrite?: boolean;
}
