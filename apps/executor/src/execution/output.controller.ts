import { HEADER } from '@warmbox/contracts';
import { OutputQueryDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import type { Clock } from '@warmbox/platform';
import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { ExecutionRegistry } from './execution.registry.js';
import { CLOCK } from './execution.tokens.js';
import { OutputPage } from './output.page.js';

const DEFAULT_LIMIT = 65_536;

/** Output for who cannot stream: page by page. */
@Controller('api/executions/:id/output')
export class OutputController {
  constructor(
    private readonly executions: ExecutionRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What is kept after an offset; it waits for a first byte, if told to. */
  @Get()
  async page(
    @Param('id') id: string,
    @Query() { after = 0, limit = DEFAULT_LIMIT, waitSeconds = 0, encoding = 'utf8' }: OutputQueryDto,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const execution = this.executions.find(id);
    const { end } = execution.log;
    if (after > end) {
      const detail = `after must not be beyond the output, which has ${end} bytes`;
      throw invalidRequest([{ pointer: '?after', detail }]);
    }
    const page = new OutputPage(execution, { after, limit, waitMs: waitSeconds * 1000, encoding }, this.clock);
    const answer = page.wait();
    // Whoever has gone already says so no more.
    if (reply.raw.destroyed) page.leave();
    else reply.raw.once('close', () => page.leave());
    const dto = await answer;
    if (dto === undefined) reply.hijack();
    else void reply.header(HEADER.executionId, id).send(dto);
  }
}
