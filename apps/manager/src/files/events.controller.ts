import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { acceptable, MEDIA } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';
import { ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { FollowFilesRoute } from './events.routes.js';
import { FileGateway, type SandboxName } from './file.gateway.js';

@ApiTags('Files')
@ApiSandboxPath()
@Controller('api/:runtime/:name/files/events')
export class EventsController {
  constructor(private readonly files: FileGateway) {}

  @Get()
  @FollowFilesRoute()
  async follow(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    const media = acceptable(reply.request.headers.accept, [MEDIA.eventStream, MEDIA.ndjson]);
    sendAnswer(reply, await this.files.relay(name, undefined, reply, media));
  }
}
