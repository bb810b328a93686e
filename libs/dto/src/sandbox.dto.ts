import { POD_PHASES, SANDBOX_STATUSES, type PodPhase, type SandboxStatus } from '@warmbox/contracts';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ResourcesDto } from './resources.dto.js';

/** A sandbox: one pod that runs commands. */
export class SandboxDto {
  @ApiProperty({
    description: "The pod's name, which names the sandbox in every path.",
    example: 'kata-sandbox-7g4kx2p9',
  })
  name!: string;

  @ApiProperty({ description: 'The runtime that it runs in.', example: 'kata' })
  runtime!: string;

  @ApiProperty({
    description: '`creating` until it was first Ready, then whom it is for, at last `terminating` or `failed`.',
    enum: SANDBOX_STATUSES,
    example: 'manual',
  })
  status!: SandboxStatus;

  @ApiProperty({ description: "The pod's phase.", enum: POD_PHASES, example: 'Running' })
  phase!: PodPhase;

  @ApiProperty({ description: 'Whether it takes commands.', example: true })
  isReady!: boolean;

  @ApiProperty({
    description: 'When it was created (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:30:00.000Z',
  })
  createdAt!: string;

  @ApiPropertyOptional({
    description: 'When it was taken from the pool (RFC 3339, UTC); absent where it was not.',
    format: 'date-time',
    example: '2026-11-24T09:31:00.000Z',
  })
  allocatedAt?: string;

  @ApiPropertyOptional({
    description:
      'When it was last seen to be active (RFC 3339, UTC). Written at most once per quarter of its idle time-out, so it may be later in truth.',
    format: 'date-time',
    example: '2026-11-24T09:31:00.000Z',
  })
  lastActivityAt?: string;

  @ApiPropertyOptional({
    description: 'When its lifetime ends, whatever it does then (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:45:00.000Z',
  })
  expiresAt?: string;

  @ApiPropertyOptional({
    description: 'When it is removed unless it is active before or then (RFC 3339, UTC).',
    format: 'date-time',
    example: '2026-11-24T09:36:00.000Z',
  })
  idleExpiresAt?: string;

  @ApiPropertyOptional({ description: 'Whom it is for.', example: 'ada@example.org' })
  userId?: string;

  @ApiProperty({ description: 'The node that it runs on; empty until it is scheduled.', example: 'node-1' })
  nodeName!: string;

  @ApiProperty({ description: "The pod's address; empty until it has one.", example: '10.42.0.17' })
  podIP!: string;

  @ApiProperty({
    description: "The caller's own labels.",
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { team: 'search' },
  })
  labels!: Record<string, string>;

  @ApiProperty({ description: 'The image of its container.', example: 'warmbox/executor:0.1.0' })
  image!: string;

  @ApiProperty({ description: 'What it reserves and may use.', type: ResourcesDto })
  resources!: ResourcesDto;

  @ApiPropertyOptional({
    description: 'Why it is in its state, where Kubernetes says so.',
    example: 'ImagePullBackOff: Back-off pulling image',
  })
  message?: string;
}

/** The answer to a deletion. */
export class DeletedSandboxDto {
  @ApiProperty({ description: 'Always true: a failure is a problem document.', example: true })
  success!: boolean;

  @ApiProperty({ description: 'A sentence for people.', example: 'Sandbox kata-sandbox-7g4kx2p9 is being deleted.' })
  message!: string;

  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;
}

/** A sandbox that a bulk deletion could not delete. */
export class FailedDeletionDto {
  @ApiProperty({ description: 'The sandbox.', example: 'kata-sandbox-7g4kx2p9' })
  podName!: string;

  @ApiProperty({
    description: 'The error code that its own deletion would have answered.',
    example: 'kubernetes_unavailable',
  })
  code!: string;
}

/** The answer to a bulk deletion. */
export class BulkDeletionDto {
  @ApiProperty({ description: 'How many sandboxes were deleted.', type: 'integer', minimum: 0, example: 2 })
  deletedCount!: number;

  @ApiProperty({ description: 'How many could not be.', type: 'integer', minimum: 0, example: 0 })
  failedCount!: number;

  @ApiProperty({
    description: 'The deleted ones.',
    type: [String],
    example: ['kata-sandbox-7g4kx2p9', 'kata-sandbox-q8m2d5zt'],
  })
  deletedPods!: string[];

  @ApiProperty({ description: 'The others.', type: [String], example: [] })
  failedPods!: string[];

  @ApiProperty({ description: 'The others, each with the reason.', type: [FailedDeletionDto], example: [] })
  failed!: FailedDeletionDto[];
}
