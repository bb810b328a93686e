import { Controller, Delete, Get, HttpCode, Put, Req, Res } from '@nestjs/common';
import { Raw, RouteSettings, type RawBody } from '@warmbox/http';
import { ProblemError } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { PagePool } from '../output/page.pool.js';
import { shownPath } from './file.failure.js';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { removeEntry } from './file.remover.js';
import { sendFile } from './file.sender.js';
import { checkUpload, modeOf } from './file.upload.js';
import { FileWriter } from './file.writer.js';
import { openFile } from './open.file.js';
import { OpenTransfers } from './open.transfers.js';
import { PathTurns } from './path.turns.js';
import { QueryOptions } from './query.options.js';

/** Pages that are kept for the next download: a few at once are usual. */
const PAGES_KEPT = 4;

/** Milliseconds for which nothing of an upload may come. The manager bounds its client; this is for one that was cut off. */
const BODY_IDLE_MS = 120_000;

@Controller('api/files')
export class FilesController {
  private readonly pages = new PagePool(PAGES_KEPT);

  constructor(
    private readonly paths: FilePaths,
    private readonly writer: FileWriter,
    private readonly turns: PathTurns,
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

  /** Writes a file, whole or not at all. */
  @Put()
  @RouteSettings({ queryOfBytes: true, rawBody: { idleMs: BODY_IDLE_MS } })
  write(
    @Req() { url, headers }: FastifyRequest,
    @Raw() body: RawBody | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.transfers.during(async () => {
      const { path: asked, options: sent } = fileQueryOf(url, ['mode']);
      const options = new QueryOptions(sent);
      const mode = modeOf(options);
      options.check();
      checkUpload(asked, headers);
      const place = await this.paths.follow(asked);
      const { entry, isNew } = await this.writer.write(place, { asked, headers, mode, body });
      void reply
        .status(isNew ? 201 : 200)
        .headers(entry.etag === undefined ? {} : { etag: entry.etag })
        .send(entry);
    });
  }

  /** Removes a file, or a folder. */
  @Delete()
  @HttpCode(204)
  @RouteSettings({ queryOfBytes: true })
  remove(@Req() { url, headers }: FastifyRequest): Promise<void> {
    return this.transfers.during(async (signal) => {
      const { path: asked, options: sent } = fileQueryOf(url, ['recursive']);
      const options = new QueryOptions(sent);
      const isRecursive = options.flag('recursive');
      options.check();
      const real = await this.paths.foundEntry(asked);
      if (await this.paths.holdsFolder(real)) {
        throw new ProblemError('conflict', `${shownPath(asked)} has the folders whose files are served: it stays.`);
      }
      await removeEntry(real, { asked, headers, isRecursive, signal }, this.turns);
    });
  }
}
