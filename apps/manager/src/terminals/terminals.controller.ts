import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiResponse, ApiTags } from '@nestjs/swagger';
import { CreateTerminalDto, TerminalDto } from '@warmbox/dto';
import { RouteSettings } from '@warmbox/http';
import type { FastifyReply } from 'fastify';
import { ApiProblems, ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { Operation } from '../http/operation.js';
import {
  ApiTerminalId,
  CONNECT_DESCRIPTION,
  CREATE_DESCRIPTION,
  END_DESCRIPTION,
  LOCATION,
  TERMINAL_PROBLEMS,
} from './terminal.docs.js';
import { TerminalGateway, type SandboxName, type TerminalName } from './terminal.gateway.js';
import { ConnectQueryDto } from './terminal.query.dto.js';

@ApiTags('Terminals')
@ApiSandboxPath()
@Controller('api/:runtime/:name/terminals')
export class TerminalsController {
  constructor(private readonly terminals: TerminalGateway) {}

  @Post()
  @HttpCode(201)
  @Operation('createTerminal', { summary: 'Make a terminal', description: CREATE_DESCRIPTION })
  @ApiCreatedResponse({ description: 'The terminal.', type: TerminalDto, headers: LOCATION })
  @ApiProblems(...TERMINAL_PROBLEMS, 'conflict', 'cannot_start', 'too_large')
  async create(@Param() name: SandboxName, @Body() body: CreateTerminalDto, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.terminals.create(name, body, reply));
  }

  @Get()
  @Operation('listTerminals', { summary: 'List terminals' })
  @ApiOkResponse({
    description: 'Those whose program runs, and those whose end is still kept; the newest first.',
    type: [TerminalDto],
  })
  @ApiProblems(...TERMINAL_PROBLEMS)
  async list(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.terminals.list(name, reply));
  }

  @Get(':id')
  @ApiTerminalId()
  @Operation('getTerminal', { summary: 'Get a terminal' })
  @ApiOkResponse({ description: 'The terminal.', type: TerminalDto })
  @ApiProblems(...TERMINAL_PROBLEMS, 'terminal_not_found')
  async get(@Param() name: TerminalName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.terminals.get(name, reply));
  }

  @Delete(':id')
  @ApiTerminalId()
  @Operation('endTerminal', { summary: 'End a terminal', description: END_DESCRIPTION })
  @ApiOkResponse({ description: 'The terminal as it is now.', type: TerminalDto })
  @ApiProblems(...TERMINAL_PROBLEMS, 'terminal_not_found')
  async end(@Param() name: TerminalName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.terminals.end(name, reply));
  }

  @Get(':id/connect')
  @RouteSettings({ takesUpgrade: true })
  @ApiTerminalId()
  @Operation('connectTerminal', { summary: 'Look at a terminal, and type', description: CONNECT_DESCRIPTION })
  @ApiResponse({ status: 101, description: 'The WebSocket is open.' })
  @ApiProblems(...TERMINAL_PROBLEMS, 'terminal_not_found', 'conflict')
  async connect(
    @Param() name: TerminalName,
    @Query() { after }: ConnectQueryDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const answer = await this.terminals.connect(name, after, reply);
    if (answer !== 'spliced') sendAnswer(reply, answer);
  }
}
