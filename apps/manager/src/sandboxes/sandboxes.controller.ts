import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiExcludeEndpoint,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiTags,
} from '@nestjs/swagger';
import {
  BulkDeletionDto,
  CREATION_EVENTS,
  CreateSandboxDto,
  DeletedSandboxDto,
  SandboxDto,
  UpdateSandboxDto,
} from '@warmbox/dto';
import { AnswersWith, RouteSettings, sendEvents } from '@warmbox/http';
import { jsonLine, MEDIA, type Clock } from '@warmbox/platform';
import { sandboxOf } from '@warmbox/sandbox';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import { ApiEventStream, ApiProblems } from '../docs/index.js';
import { callerOf } from '../http/caller.js';
import { ApiIdempotencyKey } from '../idempotency/api.idempotency-key.js';
import { keyOf } from '../idempotency/idempotency.key.js';
import { CLOCK } from '../kube/kube.module.js';
import { creationStream } from './creation.stream.js';
import { Creations } from './creations.js';
import { SandboxFinder } from './sandbox.finder.js';
import { SandboxInventory } from './sandbox.inventory.js';
import { DeleteSandboxesDto, ListSandboxesDto, type SandboxFilterDto } from './sandbox.query.dto.js';
import { SandboxRemover } from './sandbox.remover.js';
import { SandboxUpdater } from './sandbox.updater.js';
import type { SandboxFilter } from './sandbox.list.js';

const RUNTIME = { name: 'runtime', description: 'A configured runtime; `kata` always exists.', example: 'kata' };
const NAME = { name: 'name', description: 'The name of the sandbox.', example: 'kata-sandbox-7g4kx2p9mz' };

@ApiTags('Sandboxes')
@ApiParam(RUNTIME)
@Controller('api/:runtime')
export class SandboxesController {
  constructor(
    private readonly creations: Creations,
    private readonly finder: SandboxFinder,
    private readonly inventory: SandboxInventory,
    private readonly remover: SandboxRemover,
    private readonly updater: SandboxUpdater,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @AnswersWith(MEDIA.eventStream)
  @RouteSettings({ answersHalfClosed: true })
  @ApiExcludeEndpoint()
  @ApiIdempotencyKey()
  async createStreaming(
    @Param('runtime') runtime: string,
    @Body() body: CreateSandboxDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const key = keyOf(request);
    const { left } = callerOf(request, reply);
    const events = await creationStream((waiting) => this.creations.create(runtime, body, waiting, key), body, left);
    sendEvents(request, reply, events.pipe(map((event) => ({ data: jsonLine(event) }))), this.clock);
  }

  @Post()
  @AnswersWith(MEDIA.json)
  @RouteSettings({ answersHalfClosed: true })
  @ApiOperation({
    operationId: 'createSandbox',
    summary: 'Create a sandbox',
    description:
      'Takes a warm sandbox where one is just what is asked for, else creates one. Answers an event stream that ends with `ready` or `failed`, or with `Accept: application/json` the sandbox once it is ready. A client that leaves while it waits at the limit waits no more; once the pod is there, it does not undo the creation. A sandbox that does not become ready is removed.',
  })
  @ApiCreatedResponse({ description: 'The sandbox, for `Accept: application/json`.', type: SandboxDto })
  @ApiEventStream({ description: 'What happens on the way to ready.', events: CREATION_EVENTS })
  @ApiIdempotencyKey()
  @ApiProblems(
    'runtime_not_found',
    'idempotency_key_reused',
    'sandbox_gone',
    'limit_reached',
    'quota_exceeded',
    'not_synced',
    'kubernetes_unavailable',
    'conflict',
    'executor_unreachable',
    'ready_timeout',
  )
  async create(
    @Param('runtime') runtime: string,
    @Body() body: CreateSandboxDto,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<SandboxDto> {
    const { left } = callerOf(request, reply);
    const creation = await this.creations.create(runtime, body, { left }, keyOf(request));
    return body.waitForReady === false ? creation.sandbox : creation.ready;
  }

  @Get()
  @ApiOperation({
    operationId: 'listSandboxes',
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
    const { items, next } = this.inventory.page(runtime, filterOf(filter), { cursor, limit });
    if (next !== undefined) reply.header('link', `<${nextUrl(request.url, next)}>; rel="next"`);
    return items;
  }

  @Delete()
  @ApiOperation({
    operationId: 'deleteSandboxes',
    summary: 'Delete sandboxes',
    description:
      'Deletes the allocated and manual sandboxes that meet every condition; with `includeWarm` the warm ones too.',
  })
  @ApiOkResponse({ description: 'Which were deleted and which could not be.', type: BulkDeletionDto })
  @ApiProblems('runtime_not_found', 'not_synced')
  deleteAll(
    @Param('runtime') runtime: string,
    @Query() { includeWarm = false, ...filter }: DeleteSandboxesDto,
  ): Promise<BulkDeletionDto> {
    return this.remover.removeAll(runtime, filterOf(filter), includeWarm);
  }

  @Get(':name')
  @ApiParam(NAME)
  @ApiOperation({ operationId: 'getSandbox', summary: 'Get a sandbox' })
  @ApiOkResponse({ description: 'The sandbox.', type: SandboxDto })
  @ApiProblems('runtime_not_found', 'sandbox_not_found', 'sandbox_gone', 'rate_limited', 'kubernetes_unavailable')
  async get(@Param('runtime') runtime: string, @Param('name') name: string): Promise<SandboxDto> {
    return sandboxOf(await this.finder.find(runtime, name));
  }

  @Patch(':name')
  @ApiParam(NAME)
  @ApiOperation({ operationId: 'updateSandbox', summary: 'Change labels, renew lifetime and idle time-out' })
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
  ): Promise<SandboxDto> {
    return sandboxOf(await this.updater.update(runtime, name, body));
  }

  @Delete(':name')
  @ApiParam(NAME)
  @ApiOperation({
    operationId: 'deleteSandbox',
    summary: 'Delete a sandbox',
    description: 'Also answers 200 while the sandbox terminates.',
  })
  @ApiOkResponse({ description: 'It is being deleted.', type: DeletedSandboxDto })
  @ApiProblems('runtime_not_found', 'sandbox_not_found', 'sandbox_gone', 'rate_limited', 'kubernetes_unavailable')
  delete(@Param('runtime') runtime: string, @Param('name') name: string): Promise<DeletedSandboxDto> {
    return this.remover.remove(runtime, name);
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
