import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { OutputPageDto, OutputQueryDto } from '@warmbox/dto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiExecutionId, EXECUTION_HEADERS, EXECUTION_PROBLEMS } from './execution.docs.js';
import { ExecutionGateway } from './execution.gateway.js';

/** What a command has printed, for who cannot stream. */
@ApiTags('Executions')
@ApiSandboxPath()
@Controller('api/:runtime/:name/executions/:id/output')
export class OutputController {
  constructor(private readonly executions: ExecutionGateway) {}

  @Get()
  @ApiExecutionId()
  @Operation('getExecutionOutput', {
    summary: 'Get a page of the output of an execution',
    description:
      'For clients that cannot stream: the output after an offset, as far as it is kept, at once or once there is any (`waitSeconds`). `next` is `after` of the next page; the output is over once `state` is `completed` and `next` equals `end`. A client that goes on asking counts as a reader: the command is not ended while it does, and waits for it where it prints more than is kept.',
  })
  @ApiOkResponse({ description: 'The page.', type: OutputPageDto, headers: EXECUTION_HEADERS })
  @ApiProblems(...EXECUTION_PROBLEMS)
  async page(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Param('id') id: string,
    @Query() query: OutputQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    sendAnswer(reply, await this.executions.output({ runtime, name }, id, query, callerOf(request, reply)));
  }
}
