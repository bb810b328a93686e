import { Body, Controller, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ExecutionDto, SignalDto, StdinDto, StdinQueryDto } from '@warmbox/dto';
import { Raw, RouteSettings, type RawBody } from '@warmbox/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiExecutionId, EXECUTION_HEADERS, EXECUTION_PROBLEMS } from './execution.docs.js';
import { ExecutionGateway } from './execution.gateway.js';

/** What a command that runs is told. */
@ApiTags('Executions')
@ApiSandboxPath()
@Controller('api/:runtime/:name/executions/:id')
export class InputController {
  constructor(private readonly executions: ExecutionGateway) {}

  @Post('stdin')
  @HttpCode(200)
  @RouteSettings({ rawBody: { idleMs: Infinity } })
  @ApiExecutionId()
  @Operation('writeExecutionInput', {
    summary: 'Write to the standard input of an execution',
    description:
      'The bytes of the body, whatever their media type, go to the program as they come and as it takes them: where it does not read, the request waits, and so does its sender. The body may take as long as it likes, as that of somebody who types. The answer comes when the program has read all of it, or its pipe has (64 KiB on Linux). Only where the execution was started with `keepStdinOpen`; one request writes at a time, and another one is 409 `conflict` meanwhile. 409 `conflict` also where standard input has ended, was closed by the program, or the execution has completed: `bytes` says how much of the body was taken before. Of a body that breaks off what had come is written, and standard input stays open.',
  })
  @ApiConsumes('*/*')
  @ApiBody({ required: false, schema: { type: 'string', format: 'binary', example: 'print(6 * 7)\n' } })
  @ApiOkResponse({ description: 'The program has it all.', type: StdinDto, headers: EXECUTION_HEADERS })
  @ApiProblems(...EXECUTION_PROBLEMS, 'conflict')
  async write(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Query() query: StdinQueryDto,
    @Raw() body: RawBody | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const caller = callerOf(reply.request, reply);
    sendAnswer(reply, await this.executions.write({ runtime, name }, id, query, body, caller));
  }

  @Post('signal')
  @HttpCode(200)
  @ApiExecutionId()
  @Operation('signalExecution', {
    summary: 'Send a signal to an execution',
    description:
      'Every process of the group of the execution gets it, as a terminal’s Ctrl-C is SIGINT to all that runs in front. What has left the group (`setsid`, a job of an interactive shell) does not; to end everything, use DELETE. SIGSTOP does not stop the time limit. 409 `conflict` once the execution has completed.',
  })
  @ApiOkResponse({ description: 'The execution as it was when the signal was sent.', type: ExecutionDto })
  @ApiProblems(...EXECUTION_PROBLEMS, 'conflict')
  async signal(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Body() body: SignalDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.executions.signal({ runtime, name }, id, body, callerOf(request, reply)));
  }
}
