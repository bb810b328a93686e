import { Body, Controller, Delete, Get, Inject, Logger, Param, Post, Query, Req, Res } from '@nestjs/common';
import { CreateTerminalDto, type TerminalDto } from '@warmbox/dto';
import { invalidRequest, RouteSettings, upgradeOf } from '@warmbox/http';
import { traceContextOf, type Clock } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { CLOCK } from '../execution/execution.tokens.js';
import { ConnectQueryDto } from './terminal.query.dto.js';
import { TerminalRegistry } from './terminal.registry.js';
import { TerminalSockets } from './terminal.sockets.js';
import type { Terminal } from './terminal.js';
import { TerminalViewer } from './terminal.viewer.js';

/** Something went wrong here (RFC 6455 §7.4.1). */
const INTERNAL = 1011;

@Controller('api/terminals')
export class TerminalsController {
  private readonly logger = new Logger('Terminal');

  constructor(
    private readonly terminals: TerminalRegistry,
    private readonly sockets: TerminalSockets,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  async create(
    @Body() body: CreateTerminalDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TerminalDto> {
    const { dto } = await this.terminals.start(body, traceContextOf(request.headers));
    void reply.header('location', `terminals/${dto.id}`);
    return dto;
  }

  /** Those that live and those that have ended, the newest first. */
  @Get()
  list(): TerminalDto[] {
    return this.terminals.list().map(({ dto }) => dto);
  }

  @Get(':id')
  get(@Param('id') id: string): TerminalDto {
    return this.terminals.find(id).dto;
  }

  /** Ends the program and what it has started; the answer waits for the end (as long as a cancelled execution's does) and tells it. */
  @Delete(':id')
  async end(@Param('id') id: string): Promise<TerminalDto> {
    return (await this.terminals.end(id)).dto;
  }

  /** Shows the terminal to one more viewer: what is kept of its output, or what follows `after`, and all that comes. */
  @Get(':id/connect')
  @RouteSettings({ takesUpgrade: true })
  async connect(
    @Param('id') id: string,
    @Query() { after }: ConnectQueryDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { request } = reply;
    this.terminals.find(id);
    const switchOver = await this.sockets.prepare(request, upgradeOf(request));
    const terminal = this.terminals.admitViewer(id);
    const { log } = terminal;
    const from = after === undefined ? log.start : Number(after);
    if (from > log.end) {
      throw invalidRequest([
        { pointer: '?after', detail: `must not be beyond the output, which has ${log.end} bytes` },
      ]);
    }
    const socket = switchOver(reply);
    if (socket !== undefined) this.show(terminal, socket, from);
  }

  private show(terminal: Terminal, socket: WebSocket, from: number): void {
    const viewer = new TerminalViewer(
      socket,
      terminal.log,
      from,
      this.terminals.pages,
      () => viewer.advance(),
      this.clock,
    );
    socket
      .on('message', (data: Buffer, isBinary) => {
        try {
          terminal.receive(viewer, data, isBinary);
        } catch (err) {
          this.logger.error({ err, terminalId: terminal.id }, 'a frame was not taken');
          socket.close(INTERNAL);
        }
      })
      .on('pong', () => viewer.lives())
      // 'close' follows.
      .on('error', () => undefined)
      .once('close', () => terminal.detach(viewer));
    terminal.attach(viewer);
  }
}
