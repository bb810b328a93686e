import { Controller, Get, Req, Res } from '@nestjs/common';
import { RouteSettings, sendBody } from '@warmbox/http';
import { acceptable, contentTypeOf, EVENT_STREAM_HEADERS, MEDIA, STREAM_FORM } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { clientOf } from './client.of.js';
import { fileProblem } from './file.failure.js';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { checkFolder } from './folder.check.js';
import { OpenTransfers } from './open.transfers.js';
import { QueryOptions } from './query.options.js';
import { FolderWatchers } from './watch/folder.watchers.js';

/** What happens in the sandbox's folders. */
@Controller('api/files/events')
export class EventsController {
  constructor(
    private readonly paths: FilePaths,
    private readonly watchers: FolderWatchers,
    private readonly transfers: OpenTransfers,
  ) {}

  /** What is created, modified, removed and moved in a folder; the head comes once nothing is missed any more. */
  @Get()
  @RouteSettings({ queryOfBytes: true })
  follow(@Req() { url, method, headers: { accept } }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async (ending) => {
      const media = acceptable(accept, [MEDIA.eventStream, MEDIA.ndjson]);
      const { path: asked, options: sent } = fileQueryOf(url, ['recursive'], '.');
      const options = new QueryOptions(sent);
      const isRecursive = options.flag('recursive');
      options.check();
      const real = await this.paths.found(asked);
      await checkFolder(real, asked);
      const headers = { 'content-type': contentTypeOf(media), ...EVENT_STREAM_HEADERS };
      if (method === 'HEAD') {
        void reply.status(200).headers(headers).send();
        return;
      }
      const { signal, left } = clientOf(reply, ending);
      const body = await this.watchers.watch(real, isRecursive, STREAM_FORM[media]).catch((error: unknown) => {
        throw fileProblem(error, asked);
      });
      signal.addEventListener('abort', () => body.destroy(), { once: true });
      if (signal.aborted) body.destroy();
      sendBody(reply, { status: 200, headers, body });
      await left;
    });
  }
}
