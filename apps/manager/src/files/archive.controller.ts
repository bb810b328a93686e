import { Controller, Get, Param, Put, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Raw, type RawBody } from '@warmbox/http';
import type { FastifyReply } from 'fastify';
import { ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { ReadArchiveRoute, WriteArchiveRoute } from './archive.routes.js';
import { FileGateway, type SandboxName } from './file.gateway.js';

@ApiTags('Files')
@ApiSandboxPath()
@Controller('api/:runtime/:name/files/archive')
export class ArchiveController {
  constructor(private readonly files: FileGateway) {}

  @Get()
  @ReadArchiveRoute()
  async read(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, undefined, reply));
  }

  @Put()
  @WriteArchiveRoute()
  async write(@Param() name: SandboxName, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, body, reply));
  }
}
