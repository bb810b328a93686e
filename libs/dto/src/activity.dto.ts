import { IsInt, IsISO8601, Max, MaxLength, Min } from 'class-validator';
import { GRANT_MAX_SECONDS } from '@warmbox/contracts';

/** What goes on in a sandbox, as its executor says it. Durations only: the sandbox's clock is its guest's. */
export class ActivityDto {
  /** Commands that run, ended ones that have left processes in the background, and processes that left their commands' groups. */
  running!: number;
  /** Streams that are attached to executions, viewers of terminals, connections to servers. */
  attached!: number;
  /** Terminals that live. One without a viewer does only for so long. */
  terminals!: number;
  /** Seconds since anything of that was; 0 while something is. */
  idleSeconds!: number;
}

/** Asks the executor to take no new work, if nothing has been going on for so long. */
export class SealDto {
  @IsInt()
  @Min(0)
  @Max(GRANT_MAX_SECONDS)
  idleSeconds!: number;
}

/** Says that the sandbox's lifetime ends soon. */
export class NoticeDto {
  /** RFC 3339. */
  @IsISO8601({ strict: true })
  @MaxLength(64)
  expiresAt!: string;
}
