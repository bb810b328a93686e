import { Controller, Get, Param, Req, Sse, type MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { ApiEventStream, ApiProblems } from '../docs/index.js';
import { PoolStatusDto } from '@warmbox/contracts';
import { MEDIA, negotiate, ProblemError } from '@warmbox/platform';
import { PoolMonitor } from './pool.monitor.js';

const RUNTIME = { name: 'runtime', description: 'A configured runtime; `kata` always exists.', example: 'kata' };

@ApiTags('Pool')
@ApiParam(RUNTIME)
@Controller('api/:runtime/pool')
export class PoolController {
  constructor(private readonly monitor: PoolMonitor) {}

  @Get('status')
  @ApiOperation({ operationId: 'getPoolStatus', summary: 'Get the status of the pool' })
  @ApiOkResponse({ description: 'The status.', type: PoolStatusDto })
  @ApiProblems('runtime_not_found', 'not_synced')
  status(@Param('runtime') runtime: string): PoolStatusDto {
    return this.monitor.status(runtime);
  }

  @Sse('events')
  @ApiOperation({
    operationId: 'followPoolStatus',
    summary: 'Follow the status of the pool',
    description: 'The status now and whenever it has changed, at most four times a second.',
  })
  @ApiEventStream({ description: 'Statuses, the latest last.', events: { status: PoolStatusDto } })
  @ApiProblems('runtime_not_found', 'not_synced', 'not_acceptable')
  events(@Param('runtime') runtime: string, @Req() { headers }: FastifyRequest): Observable<MessageEvent> {
    if (negotiate(headers.accept, [MEDIA.eventStream]) === undefined) {
      throw new ProblemError('not_acceptable', `Accept must allow ${MEDIA.eventStream}.`);
    }
    return this.monitor.follow(runtime).pipe(map((data) => ({ type: 'status', data })));
  }
}
