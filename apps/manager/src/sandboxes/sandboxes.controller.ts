import { Body, Controller, Delete, Get, Param, Patch, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { BulkDeletionDto, DeletedSandboxDto, SandboxDto, UpdateSandboxDto } from '@warmbox/dto';
import { sandboxOf } from '@warmbox/sandbox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiProblems, ApiRuntime, ApiSandboxName } from '../docs/index.js';
import { Operation } from '../http/operation.js';
import { principalOf } from '../http/principal.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { DeleteSandboxesDto, ListSandboxesDto, type SandboxFilterDto } from './sandbox.query.dto.js';
import { SandboxRemover } from './sandbox.remover.js';
import { SandboxUpdater } from './sandbox.updater.js';
import type { SandboxFilter } from './sandbox.list.js';

@ApiTags('Sandboxes')
@ApiRuntime()
@Controller('api/:runtime')
export class SandboxesController {
  constructor(
    private readonly finder: SandboxFinder,
    private readonly inventory: SandboxInventory,
    private readonly remover: SandboxRemover,
    private readonly updater: SandboxUpdater,
  ) {}

  @Get()
  @Operation('listSandboxes', {
    summary: 'List sandboxes',
    description: 'In the order of their names. With `limit` the `Link` header leads to the next page.',
  })
  @ApiOkResponse({
    description: 'The sandboxes that meet every condition.',
    type: [SandboxDto],
    headers: {
      Link: {
        description: 'The next page, `<?…>; rel="next"`, relative to the URL that was asked; absent on the last one.',
        schema: { type: 'string' },
      },
    },
  })
  @ApiProblems('runtime_not_found', 'not_synced')
  list(
    @Param('runtime') runtime: string,
    @Query() { cursor, limit, ...filter }: ListSandboxesDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): SandboxDto[] {
    const { items, next } = this.inventory.page(principalOf(request), runtime, filterOf(filter), { cursor, limit });
    if (next !== undefined) reply.header('link', `<${nextUrl(request.url, next)}>; rel="next"`);
    return items;
  }

  @Delete()
  @Operation('deleteSandboxes', {
    summary: 'Delete sandboxes',
    description:
      'Deletes the allocated and manual sandboxes that meet every condition; with `includeWarm` the warm ones too.',
  })
  @ApiOkResponse({ description: 'Which were deleted and which could not be.', type: BulkDeletionDto })
  @ApiProblems('runtime_not_found', 'not_synced')
  deleteAll(
    @Param('runtime') runtime: string,
    @Query() { includeWarm = false, ...filter }: DeleteSandboxesDto,
    @Req() request: FastifyRequest,
  ): Promise<BulkDeletionDto> {
    return this.remover.removeAll(principalOf(request), runtime, filterOf(filter), includeWarm);
  }

  @Get(':name')
  @ApiSandboxName()
  @Operation('getSandbox', { summary: 'Get a sandbox' })
  @ApiOkResponse({ description: 'The sandbox.', type: SandboxDto })
  @ApiProblems('runtime_not_found', 'sandbox_not_found', 'sandbox_gone', 'rate_limited', 'kubernetes_unavailable')
  async get(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Req() request: FastifyRequest,
  ): Promise<SandboxDto> {
    return sandboxOf(await this.finder.find(principalOf(request), runtime, name));
  }

  @Patch(':name')
  @ApiSandboxName()
  @Operation('updateSandbox', { summary: 'Change labels, renew lifetime and idle time-out' })
  @ApiOkResponse({ description: 'The sandbox as it is now.', type: SandboxDto })
  @ApiProblems(
    'runtime_not_found',
    'sandbox_not_found',
    'sandbox_gone',
    'not_allocated',
    'conflict',
    'rate_limited',
    'kubernetes_unavailable',
  )
  async update(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Body() body: UpdateSandboxDto,
    @Req() request: FastifyRequest,
  ): Promise<SandboxDto> {
    return sandboxOf(await this.updater.update(principalOf(request), runtime, name, body));
  }

  @Delete(':name')
  @ApiSandboxName()
  @Operation('deleteSandbox', {
    summary: 'Delete a sandbox',
    description: 'Also answers 200 while the sandbox terminates.',
  })
  @ApiOkResponse({ description: 'It is being deleted.', type: DeletedSandboxDto })
  @ApiProblems('runtime_not_found', 'sandbox_not_found', 'sandbox_gone', 'rate_limited', 'kubernetes_unavailable')
  delete(
    @Param('runtime') runtime: string,
    @Param('name') name: string,
    @Req() request: FastifyRequest,
  ): Promise<DeletedSandboxDto> {
    return this.remover.remove(principalOf(request), runtime, name);
  }
}

function filterOf({ status, userId, label }: SandboxFilterDto): SandboxFilter {
  return { status, userId, labels: label };
}

/** The same request with another cursor, as a reference relative to its own URL: what stands before our paths is a proxy's. */
function nextUrl(url: string, cursor: string): string {
  const parameters = new URLSearchParams(url.split('?')[1] ?? '');
  parameters.set('cursor', cursor);
  return `?${parameters.toString()}`;
}
