import { PATH_ENCODINGS, RESCAN_REASONS, type PathEncoding, type RescanReason } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class PathEventDto {
  @ApiProperty({ description: 'Where it is, absolute.', example: '/workspace/src/main.ts' })
  path!: string;

  @ApiPropertyOptional({
    description: 'Present where a path of the event is no UTF-8: then its paths are percent-encoded.',
    enum: PATH_ENCODINGS,
    example: 'percent',
  })
  encoding?: PathEncoding;
}

/**
 * Something was created, modified or removed. `created` is also what came from outside of what is watched, and what replaced a file in
 * one step, as uploads do; `modified` is its content, mode, owner or times.
 */
export class FileChangedEventDto extends PathEventDto {
  @ApiProperty({ description: 'Whether it is a folder.', example: false })
  isFolder!: boolean;
}

/** Something was moved or renamed within what is watched. */
export class FileMovedEventDto extends PathEventDto {
  @ApiProperty({ description: 'Where it was, absolute.', example: '/workspace/src/old.ts' })
  from!: string;

  @ApiProperty({ description: 'Whether it is a folder.', example: false })
  isFolder!: boolean;
}

/** Changes below a folder may have been missed: list it again. */
export class RescanEventDto extends PathEventDto {
  @ApiProperty({
    description:
      '`overflow`: more happened than the kernel holds. `slow_reader`: more than waits for a client. `not_watched`: a folder is not watched, because there are too many (10,000) or the system cannot watch; that is said again every 30 s.',
    enum: RESCAN_REASONS,
    example: 'overflow',
  })
  reason!: RescanReason;
}
