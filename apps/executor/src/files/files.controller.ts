import { Controller, Get, Req, Res } from '@nestjs/common';
import { RouteSettings } from '@warmbox/http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PagePool } from '../output/page.pool.js';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { sendFile } from './file.sender.js';
import { openFile } from './open.file.js';
import { OpenTransfers } from './open.transfers.js';

/** Pages that are kept for the next download: a few at once are usual. */
const PAGES_KEPT = 4;

@Controller('api/files')
export class FilesController {
  private readonly pages = new PagePool(PAGES_KEPT);

  constructor(
    private readonly paths: FilePaths,
    private readonly transfers: OpenTransfers,
  ) {}

  /** A file's bytes. HEAD as well. */
  @Get()
  @RouteSettings({ queryOfBytes: true })
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async () => {
      const { path } = fileQueryOf(request.url);
      const file = await openFile(await this.paths.found(path), path);
      const { method, headers } = request;
      await sendFile(file, { method, headers, asked: path }, reply, this.pages).finally(() => file.handle.close());
    });
  }
}
