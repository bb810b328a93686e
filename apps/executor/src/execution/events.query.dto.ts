import { OUTPUT_ENCODINGS, type OutputEncoding } from '@warmbox/contracts';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';

/** How the events of an execution are asked for. */
export class EventsQueryDto {
  /** The id of the last event that was seen; the header `Last-Event-ID` wins over it. */
  @IsOptional()
  @IsString()
  @MaxLength(32)
  after?: string;

  /** As in ExecuteDto; `utf8` unless told. */
  @IsOptional()
  @IsIn(OUTPUT_ENCODINGS)
  encoding?: OutputEncoding;
}
