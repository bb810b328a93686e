import { POOL_STATES, type PoolState } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** A runtime's pool, as this manager sees it. */
export class PoolStatusDto {
  @ApiProperty({ description: "The pool's sandboxes that are not Ready yet.", type: 'integer', minimum: 0, example: 1 })
  creating!: number;

  @ApiProperty({ description: 'Sandboxes that wait for somebody, Ready.', type: 'integer', minimum: 0, example: 9 })
  warm!: number;

  @ApiProperty({
    description: 'Sandboxes that were handed out by `allocate` and live.',
    type: 'integer',
    minimum: 0,
    example: 4,
  })
  allocated!: number;

  @ApiProperty({
    description: 'Sandboxes that a creation asked for and that live, whether it took a warm one or not.',
    type: 'integer',
    minimum: 0,
    example: 2,
  })
  manual!: number;

  @ApiProperty({
    description: 'All sandboxes of the runtime; also those that terminate, have failed or are not Ready any more.',
    type: 'integer',
    minimum: 0,
    example: 17,
  })
  total!: number;

  @ApiProperty({ description: 'How many warm ones there should be.', type: 'integer', minimum: 0, example: 10 })
  targetSize!: number;

  @ApiProperty({
    description: 'How many sandboxes of all runtimes there may be.',
    type: 'integer',
    minimum: 1,
    example: 50,
  })
  limit!: number;

  @ApiProperty({
    description: 'How many of them there are: every pod, also one that terminates or has ended.',
    type: 'integer',
    minimum: 0,
    example: 17,
  })
  limitUsed!: number;

  @ApiProperty({ description: 'warm / targetSize × 100; 100 where targetSize is 0.', minimum: 0, example: 90 })
  readyPercentage!: number;

  @ApiProperty({ description: '(allocated + manual) / limit × 100.', minimum: 0, example: 12 })
  utilizationPercentage!: number;

  @ApiProperty({ description: 'Callers who wait at this manager.', type: 'integer', minimum: 0, example: 0 })
  queued!: number;

  @ApiProperty({ description: 'Whether this manager is the one that fills the pool.', example: true })
  leader!: boolean;

  @ApiProperty({
    description:
      '`full`; `filling`; `limited`: there is no room for more, by the limit or in the cluster (then `reason` has the scheduler’s words); `backing-off`: new sandboxes fail, the next is tried at `retryAt`.',
    enum: POOL_STATES,
    example: 'filling',
  })
  state!: PoolState;

  @ApiPropertyOptional({
    description: 'Why new sandboxes fail, or why no node has room for one, where that is so.',
    example: 'Not Ready within 90 seconds: ImagePullBackOff: Back-off pulling image "warmbox/executor:0.1.0"',
  })
  reason?: string;

  @ApiPropertyOptional({
    description:
      'When the next one is tried (RFC 3339, UTC), where they fail; absent while one is being tried. Never in the past.',
    format: 'date-time',
    example: '2026-11-24T09:35:00.000Z',
  })
  retryAt?: string;
}
