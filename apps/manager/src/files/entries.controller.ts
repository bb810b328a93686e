import { Body, Controller, Get, HttpCode, Param, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { MakeFolderDto, MoveFileDto } from '@warmbox/dto';
import type { FastifyReply } from 'fastify';
import { ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { ListEntriesRoute, MakeFolderRoute, MoveFileRoute, StatFileRoute } from './entries.routes.js';
import { FileGateway, type SandboxName } from './file.gateway.js';

@ApiTags('Files')
@ApiSandboxPath()
@Controller('api/:runtime/:name/files')
export class EntriesController {
  constructor(private readonly files: FileGateway) {}

  @Get('stat')
  @StatFileRoute()
  async stat(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, undefined, reply));
  }

  @Get('entries')
  @ListEntriesRoute()
  async entries(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, undefined, reply));
  }

  @Post('folders')
  @MakeFolderRoute()
  async makeFolder(@Param() name: SandboxName, @Body() body: MakeFolderDto, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, JSON.stringify(body), reply));
  }

  @Post('move')
  @HttpCode(200)
  @MoveFileRoute()
  async move(@Param() name: SandboxName, @Body() body: MoveFileDto, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, JSON.stringify(body), reply));
  }
}
