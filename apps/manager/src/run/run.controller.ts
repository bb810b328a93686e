import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { EXECUTE_BODY_MAX_BYTES } from '@warmbox/contracts';
import { ExecuteResultDto, ExecutionDto, RunDto } from '@warmbox/dto';
import { idempotencyKeyOf, invalidRequest, RouteSettings } from '@warmbox/http';
import { acceptable, MEDIA } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiEventStream, ApiProblems, ApiRuntime } from '../docs/index.js';
import { ApiTraceContext, EXECUTION_EVENTS } from '../execution/execution.docs.js';
import { sendAnswer, STREAMS } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiIdempotencyKey } from '../idempotency/api.idempotency-key.js';
import { KEY_OF_RUN, RUN_EXAMPLES, RUN_HEADERS, RUN_LOCATION } from './run.docs.js';
import { runViolations } from './run.plan.js';
import { Runs } from './runs.js';

@ApiTags('Executions')
@ApiRuntime()
@Controller('api/:runtime')
export class RunController {
  constructor(private readonly runs: Runs) {}

  @Post('run')
  @RouteSettings({ bodyLimit: EXECUTE_BODY_MAX_BYTES })
  @ApiTraceContext()
  @ApiIdempotencyKey(KEY_OF_RUN)
  @Operation('run', {
    summary: 'Run a command in a sandbox of its own',
    description:
      'Takes a warm sandbox, or creates one where none is warm, writes the files that come along, runs the command there and deletes the sandbox: one request, and the stream or the result of `execute`. The answer begins when the command does; until then nothing is sent, and what goes wrong is told with its status. When the answer has ended the sandbox is being deleted. A client that leaves, or shuts its sending side, is given a few seconds to come back to the events of the execution, then the command is ended and the sandbox deleted. Where the manager dies the sandbox goes as idle. With `keep` the sandbox stays.',
  })
  @ApiBody({ type: RunDto, examples: RUN_EXAMPLES })
  @ApiOkResponse({ description: 'The result.', type: ExecuteResultDto, headers: RUN_HEADERS })
  @ApiAcceptedResponse({
    description: 'The execution of a `detached` command in a sandbox that is kept, for `Accept: application/json`.',
    type: ExecutionDto,
    headers: { ...RUN_HEADERS, ...RUN_LOCATION },
  })
  @ApiEventStream({ description: 'What the command does.', events: EXECUTION_EVENTS, ndjson: true })
  @ApiProblems(
    'runtime_not_found',
    'file_not_found',
    'idempotency_key_reused',
    'output_gone',
    'sandbox_gone',
    'not_acceptable',
    'not_ready',
    'conflict',
    'too_large',
    'cannot_start',
    'disk_full',
    'limit_reached',
    'quota_exceeded',
    'not_synced',
    'executor_unreachable',
    'kubernetes_unavailable',
    'executor_timeout',
    'ready_timeout',
  )
  async run(
    @Param('runtime') runtime: string,
    @Body() body: RunDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const violations = runViolations(body);
    if (violations.length > 0) throw invalidRequest(violations);
    const media = acceptable(request.headers.accept, [...STREAMS, MEDIA.json]);
    const asked = { dto: body, media, key: idempotencyKeyOf(request) };
    sendAnswer(reply, await this.runs.run(runtime, asked, callerOf(request, reply)));
  }
}
