import { HEADER } from '@warmbox/contracts';
import { StdinQueryDto, type StdinDto } from '@warmbox/dto';
import { Raw, RouteSettings, type RawBody } from '@warmbox/http';
import { KEEP_CONNECTION_MS, type Clock } from '@warmbox/platform';
import { Controller, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ExecutionRegistry } from './execution.registry.js';
import { CLOCK } from './execution.tokens.js';
import { interimAnswers } from './interim.answers.js';

/** Standard input of commands that run. */
@Controller('api/executions/:id/stdin')
export class StdinController {
  constructor(
    private readonly executions: ExecutionRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * Writes the body to the command, as it comes and as the command takes it; somebody may type it, or the command may not read for hours.
   * Until there is an answer, interim ones (102) say that this executor lives.
   */
  @Post()
  @RouteSettings({ rawBody: { idleMs: Infinity } })
  async write(
    @Param('id') id: string,
    @Query() { end = false }: StdinQueryDto,
    @Raw() body: RawBody | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const execution = this.executions.find(id);
    const { raw, request } = reply;
    // Nothing else tells of a manager that has vanished while nobody types.
    request.raw.socket.setKeepAlive(true, KEEP_CONNECTION_MS);
    const alive = interimAnswers(raw, this.clock);
    try {
      const { bytes, isEnded } = await execution.write(body, end);
      const answer: StdinDto = { executionId: id, bytes, ended: isEnded };
      void reply.status(200).header(HEADER.executionId, id).send(answer);
    } catch (error) {
      if (!raw.destroyed) throw error;
      // Nobody is there to hear it.
      reply.hijack();
    } finally {
      alive.cancel();
    }
  }
}
