import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { AllocateSandboxDto, SandboxDto } from '@warmbox/dto';
import { idempotencyKeyOf, RouteSettings } from '@warmbox/http';
import { sandboxOf } from '@warmbox/sandbox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, ApiRuntime } from '../docs/index.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiIdempotencyKey } from '../idempotency/api.idempotency-key.js';
import { Allocations } from './allocations.js';

@ApiTags('Sandboxes')
@ApiRuntime()
@Controller('api/:runtime')
export class AllocationController {
  constructor(private readonly allocations: Allocations) {}

  @Post('allocate')
  @RouteSettings({ answersHalfClosed: true })
  @HttpCode(200)
  @Operation('allocateSandbox', {
    summary: 'Take a warm sandbox',
    description:
      'Gives a sandbox from the pool to a user; nobody else gets it. Where none is warm it waits up to `waitSeconds`, all users of a manager in turn.',
  })
  @ApiOkResponse({ description: 'The sandbox; it takes commands at once, through any manager.', type: SandboxDto })
  @ApiIdempotencyKey()
  @ApiProblems(
    'runtime_not_found',
    'idempotency_key_reused',
    'sandbox_gone',
    'conflict',
    'limit_reached',
    'pool_empty',
    'not_synced',
    'not_ready',
    'sandbox_not_found',
    'executor_unreachable',
    'executor_timeout',
    'kubernetes_unavailable',
  )
  async allocate(
    @Param('runtime') runtime: string,
    @Body() { waitSeconds, lifetimeSeconds, idleTimeoutSeconds, ...whose }: AllocateSandboxDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SandboxDto> {
    const key = idempotencyKeyOf(request);
    const { principal, disconnected } = callerOf(request, reply);
    const allocation = { ...whose, principal, runtime, grant: { lifetimeSeconds, idleTimeoutSeconds } };
    return sandboxOf(await this.allocations.allocate(allocation, { waitSeconds, disconnected }, key));
  }
}
