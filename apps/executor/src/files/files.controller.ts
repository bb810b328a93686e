import { Controller, Get, Req, Res } from '@nestjs/common';
import { RouteSettings, sendBody } from '@warmbox/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { openFile } from './open.file.js';
import { OpenTransfers } from './open.transfers.js';

@Controller('api/files')
export class FilesController {
  constructor(
    private readonly paths: FilePaths,
    private readonly transfers: OpenTransfers,
  ) {}

  /** A file's bytes. HEAD as well. */
  @Get()
  @RouteSettings({ queryOfBytes: true })
  async read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    reply.raw.once('close', this.transfers.enter());
    const { path } = fileQueryOf(request.url);
    const { handle, stats } = await openFile(await this.paths.found(path), path);
    const body = handle.createReadStream({ start: 0 });
    sendBody(reply, {
      status: 200,
      headers: { 'content-type': 'application/octet-stream', 'content-length': String(stats.size) },
      body,
    });
  }
}
