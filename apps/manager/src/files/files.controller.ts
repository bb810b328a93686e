import { Controller, Get, Param, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiSandboxPath } from '../docs/index.js';
import { sendAnswer } from '../http/answer.js';
import { FileGateway, type SandboxName } from './file.gateway.js';
import { ApiFilePath, FileRoute } from './file.route.js';

/** Bytes of whatever kind. */
const BYTES = {
  'application/octet-stream': { schema: { type: 'string' as const, format: 'binary' }, example: 'Hello' },
};

@ApiTags('Files')
@ApiSandboxPath()
@Controller('api/:runtime/:name/files')
export class FilesController {
  constructor(private readonly files: FileGateway) {}

  /** HEAD as well. */
  @Get()
  @FileRoute('readFile', {
    summary: 'Read a file',
    description: 'The file’s bytes as they are. HEAD answers the same without them.',
    problems: ['file_not_found', 'precondition_failed', 'range_not_satisfiable'],
  })
  @ApiFilePath()
  @ApiOkResponse({ description: 'The file.', content: BYTES })
  async read(@Param() name: SandboxName, @Res() reply: FastifyReply): Promise<void> {
    sendAnswer(reply, await this.files.relay(name, undefined, reply));
  }
}
