import { Body, Controller, Get, Post, Req, Res } from '@nestjs/common';
import { ENTRIES_DEPTH_MAX, ENTRIES_PAGE_MAX } from '@warmbox/contracts';
import { MakeFolderDto, MoveFileDto, type FileEntryDto } from '@warmbox/dto';
import { RouteSettings, sendBody } from '@warmbox/http';
import { contentTypeOf, MEDIA, ProblemError } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { fileProblem, shownPath } from './file.failure.js';
import { FileMover } from './file.mover.js';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { clientOf, unlessGone } from './client.of.js';
import { checkFolder } from './folder.check.js';
import { makeFolder } from './folder.maker.js';
import { entriesBody } from './listing/entries.body.js';
import { entryAt } from './listing/file.entry.js';
import { folderReader } from './listing/folder.reader.js';
import { linkToNext } from './listing/next.page.js';
import { cursorOf, placeOfCursor } from './listing/page.cursor.js';
import { planPage } from './listing/page.plan.js';
import { OpenTransfers } from './open.transfers.js';
import { atPointer, pathOfText } from './path.text.js';
import { QueryOptions } from './query.options.js';

/** What there is in the sandbox's folders. */
@Controller('api/files')
export class EntriesController {
  constructor(
    private readonly paths: FilePaths,
    private readonly mover: FileMover,
    private readonly transfers: OpenTransfers,
  ) {}

  /** What is at a path; of a symlink the link itself, unless it is to be followed. */
  @Get('stat')
  @RouteSettings({ queryOfBytes: true })
  stat(@Req() { url }: FastifyRequest): Promise<FileEntryDto> {
    return this.transfers.during(async () => {
      const { path: asked, options: sent } = fileQueryOf(url, ['follow']);
      const options = new QueryOptions(sent);
      const isFollowed = options.flag('follow');
      options.check();
      return this.entry(await (isFollowed ? this.paths.found(asked) : this.paths.foundEntry(asked)), asked);
    });
  }

  /** A page of what is in a folder, and below it. */
  @Get('entries')
  @RouteSettings({ queryOfBytes: true })
  entries(@Req() { url }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async (ending) => {
      const { path: asked, options: sent } = fileQueryOf(url, ['depth', 'limit', 'cursor'], '.');
      const options = new QueryOptions(sent);
      const depth = options.number('depth', 1, ENTRIES_DEPTH_MAX, 1);
      const limit = options.number('limit', 1, ENTRIES_PAGE_MAX, ENTRIES_PAGE_MAX);
      const after = options.value('cursor', placeOfCursor, 'must come from a Link header');
      options.check();
      const real = await this.paths.found(asked);
      await checkFolder(real, asked);
      const { signal, left } = clientOf(reply, ending);
      await unlessGone(reply, signal, async () => {
        const page = await planPage({ depth, limit, after }, folderReader(real, signal)).catch((error: unknown) => {
          throw fileProblem(error, asked);
        });
        const headers = {
          'content-type': contentTypeOf(MEDIA.json),
          ...(page.last === undefined ? {} : { link: linkToNext(url, cursorOf(page.last)) }),
        };
        sendBody(reply, { status: 200, headers, body: entriesBody(real, page.items) });
        await left;
      });
    });
  }

  /** Makes a folder: 201 where it is new. */
  @Post('folders')
  makeFolder(@Body() { path, encoding, mode }: MakeFolderDto, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async () => {
      const asked = pathOfText(path, encoding, '/path');
      const place = await atPointer('/path', this.paths.follow(asked));
      const isNew = await makeFolder(place, asked, mode === undefined ? undefined : parseInt(mode, 8));
      void reply.status(isNew ? 201 : 200).send(await this.entry(place.path, asked));
    });
  }

  /** Moves a file, a folder or a symlink. */
  @Post('move')
  move(@Body() body: MoveFileDto, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async (ending) => {
      const asked = pathOfText(body.to, body.encoding, '/to');
      const from = await this.movable(pathOfText(body.from, body.encoding, '/from'), '/from');
      const to = await atPointer('/to', this.paths.entry(asked));
      if (to.missing === 0) await this.refuseServed(to.path, asked);
      const { signal } = clientOf(reply, ending);
      await unlessGone(reply, signal, async () => {
        await this.mover.move({ from, to, overwrites: body.overwrite ?? false, asked, signal });
        void reply.status(200).send(await this.entry(to.path, asked));
      });
    });
  }

  private async movable(asked: Buffer, pointer: string): Promise<Buffer> {
    const real = await atPointer(pointer, this.paths.foundEntry(asked));
    await this.refuseServed(real, asked);
    return real;
  }

  private async refuseServed(real: Buffer, asked: Buffer): Promise<void> {
    if (!(await this.paths.holdsFolder(real))) return;
    throw new ProblemError('conflict', `${shownPath(asked)} has the folders whose files are served: it stays.`);
  }

  private async entry(real: Buffer, asked: Buffer): Promise<FileEntryDto> {
    try {
      return await entryAt(real);
    } catch (error) {
      throw fileProblem(error, asked);
    }
  }
}
