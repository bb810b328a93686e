import { Controller, Get, Logger, Put, Req, Res } from '@nestjs/common';
import { invalidRequest, Raw, RouteSettings, type RawBody } from '@warmbox/http';
import { Gate, giveBack, ProblemError } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { lstat } from 'node:fs/promises';
import { ArchivePacking } from './archive/archive.packing.js';
import { openFolder, unpack } from './archive/archive.unpacking.js';
import { Client } from './answer.client.js';
import { clientOf, unlessGone } from './client.of.js';
import { dispositionOf } from './file.disposition.js';
import { fileProblem } from './file.failure.js';
import { FilePaths } from './file.paths.js';
import { fileQueryOf } from './file.query.js';
import { OpenTransfers } from './open.transfers.js';
import { PARTIAL_PATTERN } from './partial.name.js';
import { QueryOptions } from './query.options.js';

/** Milliseconds for which nothing of an archive may come. The manager bounds its client; this is for one that was cut off. */
const BODY_IDLE_MS = 120_000;

/** Archives on their way at a time; each is a tar with its memory, which is the sandbox's. Others wait in order. */
const AT_ONCE = 16;

/** Folders of the sandbox as archives, out and in. */
@Controller('api/files/archive')
export class ArchiveController {
  private readonly logger = new Logger(ArchiveController.name);
  private readonly gate = new Gate(AT_ONCE);

  constructor(
    private readonly paths: FilePaths,
    private readonly transfers: OpenTransfers,
  ) {}

  /** A folder, or one file, as a tar archive. */
  @Get()
  @RouteSettings({ queryOfBytes: true })
  read(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async (ending) => {
      const { path: asked, options: sent } = fileQueryOf(request.url, ['compress'], '.');
      const options = new QueryOptions(sent);
      const isCompressed = options.choice('compress', ['gzip']) !== undefined;
      options.check();
      const { folder, member, name } = await this.packedAt(await this.paths.found(asked), asked);
      const headers = {
        'content-type': isCompressed ? 'application/gzip' : 'application/x-tar',
        'content-disposition': dispositionOf(Buffer.concat([name, Buffer.from(isCompressed ? '.tar.gz' : '.tar')])),
      };
      if (request.method === 'HEAD') {
        void reply.status(200).headers(headers).send();
        return;
      }
      const { signal } = clientOf(reply, ending);
      await unlessGone(reply, signal, () =>
        this.gate.run(async () => {
          const handle = await openFolder(folder).catch((error: unknown) => {
            throw fileProblem(error, asked);
          });
          const how = { isCompressed, keepsFractions: false, without: [PARTIAL_PATTERN], signal };
          const packing = await ArchivePacking.of({ folder: handle.fd, member, ...how }).finally(() => handle.close());
          packing.once('error', (err) => this.logger.warn({ err, requestId: request.id }, 'an archive broke off'));
          await send(packing, new Client(reply, 200, headers));
        }, signal),
      );
    });
  }

  /** Unpacks a tar archive, compressed or not, below a folder: 201 where that is new. */
  @Put()
  @RouteSettings({ queryOfBytes: true, rawBody: { idleMs: BODY_IDLE_MS } })
  write(@Req() { url }: FastifyRequest, @Raw() body: RawBody | undefined, @Res() reply: FastifyReply): Promise<void> {
    return this.transfers.during(async (ending) => {
      const { path: asked } = fileQueryOf(url, [], '.');
      if (body === undefined) throw invalidRequest([{ pointer: '', detail: 'must be a tar archive' }]);
      const place = await this.paths.follow(asked);
      const { signal } = clientOf(reply, ending);
      await unlessGone(reply, signal, async () => {
        const isNew = await this.gate.run(() => unpack(place, body, asked, signal), signal);
        void reply.status(isNew ? 201 : 204).send();
      });
    });
  }

  private async packedAt(real: Buffer, asked: Buffer): Promise<{ folder: Buffer; member: Buffer; name: Buffer }> {
    const end = real.lastIndexOf('/');
    const name = real.subarray(end + 1);
    const stats = await lstat(real).catch((error: unknown) => {
      throw fileProblem(error, asked);
    });
    if (stats.isDirectory()) return { folder: real, member: Buffer.from('.'), name };
    if (!stats.isFile()) throw new ProblemError('conflict', 'Only a folder or a file can be an archive.');
    return { folder: real.subarray(0, Math.max(1, end)), member: Buffer.concat([Buffer.from('./'), name]), name };
  }
}

/** What is sent is given back at once. A client that has gone ends the packing. */
async function send(packing: ArchivePacking, client: Client): Promise<void> {
  for await (const chunk of packing as AsyncIterable<Buffer>) {
    if (!(await client.take(chunk))) return;
    giveBack(chunk);
  }
  client.end();
}
