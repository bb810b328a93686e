import { Body, Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ExecutionDto, SignalDto } from '@warmbox/dto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiExecutionId, EXECUTION_PROBLEMS } from './execution.docs.js';
import { ExecutionGateway } from './execution.gateway.js';

/** What a command that runs is told. */
@ApiTags('Executions')
@ApiSandboxPath()
@Controller('api/:runtime/:name/executions/:id')
export class InputController {
  constructor(private readonly executions: ExecutionGateway) {}

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
