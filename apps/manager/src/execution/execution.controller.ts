import { Body, Controller, Delete, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiHeader, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { commandViolation, EXECUTE_BODY_MAX_BYTES } from '@warmbox/contracts';
import { ExecuteDto, ExecuteResultDto, ExecutionDto } from '@warmbox/dto';
import { idempotencyKeyOf, invalidRequest, RouteSettings } from '@warmbox/http';
import { acceptable, MEDIA } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiEventStream, ApiProblems, ApiSandboxPath } from '../docs/index.js';
import { sendAnswer, STREAMS } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiIdempotencyKey } from '../idempotency/api.idempotency-key.js';
import { EVENT_ID, lastEventIdOf } from './event.id.js';
import {
  ApiExecutionId,
  ApiTraceContext,
  EXECUTE_EXAMPLES,
  EXECUTION_EVENTS,
  EXECUTION_HEADERS,
  KEY_OF_EXECUTION,
  LOCATION,
} from './execution.docs.js';
import { ExecutionGateway } from './execution.gateway.js';
import { ExecutionEventsQueryDto } from './execution.query.dto.js';

@ApiTags('Executions')
@ApiSandboxPath()
@Controller('api/:runtime/:name')
export class ExecutionController {
  constructor(private readonly executions: ExecutionGateway) {}

  @Post('execute')
  @RouteSettings({ bodyLimit: EXECUTE_BODY_MAX_BYTES })
  @ApiTraceContext()
  @ApiIdempotencyKey(KEY_OF_EXECUTION)
  @Operation('execute', {
    summary: 'Run a command',
    description:
      'Streams what the command prints as it comes; with `Accept: application/json` it waits and answers the result, or, where the command is `detached`, answers the execution at once. A client that leaves, or shuts its sending side, is given a few seconds to come back to the events of the execution, then the command and every process that it has started are ended.',
  })
  @ApiBody({ type: ExecuteDto, examples: EXECUTE_EXAMPLES })
  @ApiOkResponse({ description: 'The result.', type: ExecuteResultDto, headers: EXECUTION_HEADERS })
  @ApiAcceptedResponse({
    description: 'The execution of a `detached` command, for `Accept: application/json`.',
    type: ExecutionDto,
    headers: { ...EXECUTION_HEADERS, ...LOCATION },
  })
  @ApiEventStream({ description: 'What the command does.', events: EXECUTION_EVENTS, ndjson: true })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'not_acceptable',
    'not_ready',
    'not_allocated',
    'conflict',
    'too_large',
    'cannot_start',
    'idempotency_key_reused',
    'output_gone',
    'executor_unreachable',
    'rate_limited',
    'kubernetes_unavailable',
    'executor_timeout',
  )
  async execute(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Body() body: ExecuteDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const violation = commandViolation(body);
    if (violation !== undefined) throw invalidRequest([violation]);
    const media = acceptable(request.headers.accept, [...STREAMS, MEDIA.json]);
    const key = idempotencyKeyOf(request);
    sendAnswer(
      reply,
      await this.executions.execute({ runtime, name }, { dto: body, media, key }, callerOf(request, reply)),
    );
  }

  @Get('executions')
  @Operation('listExecutions', { summary: 'List what ran and runs' })
  @ApiOkResponse({ description: 'The executions that are still kept.', type: [ExecutionDto] })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'not_ready',
    'not_allocated',
    'executor_unreachable',
    'rate_limited',
    'kubernetes_unavailable',
    'executor_timeout',
  )
  async list(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.executions.list({ runtime, name }, callerOf(request, reply)));
  }

  @Get('executions/:id')
  @ApiExecutionId()
  @Operation('getExecution', { summary: 'Get an execution' })
  @ApiOkResponse({ description: 'The execution.', type: ExecutionDto })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'execution_not_found',
    'not_ready',
    'not_allocated',
    'executor_unreachable',
    'rate_limited',
    'kubernetes_unavailable',
    'executor_timeout',
  )
  async get(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.executions.get({ runtime, name }, id, callerOf(request, reply)));
  }

  @Get('executions/:id/events')
  @ApiExecutionId()
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description:
      'The id of the last event that the client has; the stream goes on after it, without loss or duplicate.',
    schema: { type: 'string', pattern: EVENT_ID.source, example: '4096' },
  })
  @Operation('streamExecution', {
    summary: 'Stream the events of an execution',
    description: 'From the beginning, or after the last event that the client has; through any manager.',
  })
  @ApiOkResponse({ description: 'The stream.', headers: EXECUTION_HEADERS })
  @ApiEventStream({ description: 'What the command did and does.', events: EXECUTION_EVENTS, ndjson: true })
  @ApiNoContentResponse({ description: 'The client has the last event already.' })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'execution_not_found',
    'not_acceptable',
    'not_ready',
    'not_allocated',
    'executor_unreachable',
    'rate_limited',
    'kubernetes_unavailable',
    'executor_timeout',
  )
  async events(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Query() { after, encoding }: ExecutionEventsQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const media = acceptable(request.headers.accept, STREAMS);
    const from = { after: lastEventIdOf(request) ?? after, encoding };
    const caller = callerOf(request, reply);
    const what = request.method === 'HEAD' ? 'headOfEvents' : 'events';
    sendAnswer(reply, await this.executions[what]({ runtime, name }, id, from, media, caller));
  }

  @Delete('executions/:id')
  @ApiExecutionId()
  @Operation('cancelExecution', {
    summary: 'End an execution',
    description:
      'SIGTERM to every process that it has started, then SIGKILL; answers when the command is over, after a few seconds at most. Its stream ends with a CompletedEvent as any other. One that was over already stays as it is.',
  })
  @ApiOkResponse({ description: 'The execution as it is now.', type: ExecutionDto })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'execution_not_found',
    'not_ready',
    'not_allocated',
    'executor_unreachable',
    'rate_limited',
    'kubernetes_unavailable',
    'executor_timeout',
  )
  async cancel(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.executions.cancel({ runtime, name }, id, callerOf(request, reply)));
  }
}
