import { IsOptional, Matches, MaxLength } from 'class-validator';

/** How a terminal is looked at. */
export class ConnectQueryDto {
  /** The offset of the first byte of output that the viewer does not have. */
  @IsOptional()
  @MaxLength(15)
  @Matches(/^\d+$/, { message: '$property must be an offset: a whole number of bytes' })
  after?: string;
}
