import { ApiPropertyOptional } from '@nestjs/swagger';
import { OUTPUT_ENCODINGS, type OutputEncoding } from '@warmbox/contracts';
import { IsIn, IsOptional, Matches, MaxLength } from 'class-validator';
import { EVENT_ID } from './event.id.js';

/** From where, and how, the events of an execution are sent. */
export class ExecutionEventsQueryDto {
  @ApiPropertyOptional({
    description:
      'The id of the last event that the client has; the stream goes on after it. The header `Last-Event-ID` takes precedence.',
    pattern: EVENT_ID.source,
    example: '4096',
  })
  @IsOptional()
  @Matches(EVENT_ID, { message: '$property must be the id of an event: 0s, an offset, or an offset and e' })
  @MaxLength(32)
  after?: string;

  @ApiPropertyOptional({
    description:
      'How OutputEvent carries data: `utf8` replaces what is not UTF-8, `base64` is exact for any bytes; however the execution was started.',
    enum: OUTPUT_ENCODINGS,
    default: 'utf8',
    example: 'base64',
  })
  @IsOptional()
  @IsIn(OUTPUT_ENCODINGS)
  encoding?: OutputEncoding;
}
