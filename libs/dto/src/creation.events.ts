import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { POD_PHASES, PROBLEM_STATUS, type PodPhase, type ProblemCode } from '@warmbox/contracts';
import { SandboxDto } from './sandbox.dto.js';

/** The limit is reached: the creation waits for its turn. */
export class QueuedEventDto {
  @ApiProperty({ enum: ['queued'], description: 'Tells the events apart.' })
  eventType!: 'queued';

  @ApiProperty({ description: 'Its position in the queue.', type: 'integer', minimum: 1, example: 3 })
  position!: number;

  @ApiPropertyOptional({
    description:
      'In how many seconds its turn comes if turns go on to come as the last 16 did at this manager since somebody waits here; absent while none came.',
    type: 'integer',
    minimum: 0,
    example: 6,
  })
  estimatedSeconds?: number;
}

/** The pod exists. */
export class CreatedEventDto {
  @ApiProperty({ enum: ['created'], description: 'Tells the events apart.' })
  eventType!: 'created';

  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({ description: "The pod's phase.", enum: POD_PHASES, example: 'Pending' })
  phase!: PodPhase;
}

/** Something changed on the way to ready, or five seconds went by. */
export class WaitingEventDto {
  @ApiProperty({ enum: ['waiting'], description: 'Tells the events apart.' })
  eventType!: 'waiting';

  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({ description: 'Counts these events from 1.', type: 'integer', minimum: 1, example: 1 })
  attemptNumber!: number;

  @ApiProperty({ description: "The pod's phase.", enum: POD_PHASES, example: 'Pending' })
  phase!: PodPhase;

  @ApiProperty({ description: 'What it waits for.', example: 'The pod is scheduled to node-1.' })
  message!: string;
}

/** The executor was asked for its health. */
export class HealthcheckEventDto {
  @ApiProperty({ enum: ['healthcheck'], description: 'Tells the events apart.' })
  eventType!: 'healthcheck';

  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({ description: 'Whether it answered well.', example: true })
  isHealthy!: boolean;

  @ApiProperty({ description: 'What it answered.', example: 'The executor answers.' })
  message!: string;
}

/** Commands can run in the sandbox; the last event. */
export class ReadyEventDto {
  @ApiProperty({ enum: ['ready'], description: 'Tells the events apart.' })
  eventType!: 'ready';

  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({ description: 'The sandbox, with `isReady` true.', type: SandboxDto })
  containerInfo!: SandboxDto;

  @ApiProperty({ description: 'Seconds from the request to now.', minimum: 0, example: 0.412 })
  elapsedSeconds!: number;
}

/** There will be no sandbox: what was made is removed; the last event. */
export class FailedEventDto {
  @ApiProperty({ enum: ['failed'], description: 'Tells the events apart.' })
  eventType!: 'failed';

  @ApiProperty({ description: 'The sandbox; empty where none was made.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({ description: 'What went wrong.', example: 'The sandbox did not become ready within 90 seconds.' })
  reason!: string;

  @ApiProperty({
    description: 'The error code that a JSON answer would carry.',
    enum: Object.keys(PROBLEM_STATUS),
    example: 'ready_timeout',
  })
  code!: ProblemCode;

  @ApiPropertyOptional({ description: 'The sandbox as it was last seen.', type: SandboxDto })
  containerInfo?: SandboxDto;
}

export const CREATION_EVENTS = [
  QueuedEventDto,
  CreatedEventDto,
  WaitingEventDto,
  HealthcheckEventDto,
  ReadyEventDto,
  FailedEventDto,
];

export type CreationEvent =
  QueuedEventDto | CreatedEventDto | WaitingEventDto | HealthcheckEventDto | ReadyEventDto | FailedEventDto;
