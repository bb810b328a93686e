import { Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import { ApiEventStream, ApiProblems, ApiRuntime } from '../docs/index.js';
import { PoolStatusDto } from '@warmbox/dto';
import { acceptable, jsonLine, MEDIA, type Clock } from '@warmbox/platform';
import { sendEvents } from '@warmbox/http';
import { Operation } from '../http/operation.js';
import { CLOCK } from '../kube/kube.module.js';
import { PoolMonitor } from './pool.monitor.js';

@ApiTags('Pool')
@ApiRuntime()
@Controller('api/:runtime/pool')
export class PoolController {
  constructor(
    private readonly monitor: PoolMonitor,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('status')
  @Operation('getPoolStatus', { summary: 'Get the status of the pool' })
  @ApiOkResponse({ description: 'The status.', type: PoolStatusDto })
  @ApiProblems('runtime_not_found', 'not_synced')
  status(@Param('runtime') runtime: string): PoolStatusDto {
    return this.monitor.status(runtime);
  }

  @Get('events')
  @Operation('followPoolStatus', {
    summary: 'Follow the status of the pool',
    description: 'The status now and whenever it has changed, at most four times a second.',
  })
  @ApiEventStream({ description: 'Statuses, the latest last.', events: { status: PoolStatusDto } })
  @ApiProblems('runtime_not_found', 'not_synced', 'not_acceptable')
  events(@Param('runtime') runtime: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    acceptable(request.headers.accept, [MEDIA.eventStream]);
    const statuses = this.monitor.follow(runtime);
    sendEvents(
      request,
      reply,
      statuses.pipe(map((status) => ({ event: 'status', data: jsonLine(status) }))),
      this.clock,
    );
  }
}
