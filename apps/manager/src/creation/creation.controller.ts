import { Body, Controller, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiCreatedResponse, ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import { CREATION_EVENTS, CreateSandboxDto, SandboxDto } from '@warmbox/dto';
import { AnswersWith, idempotencyKeyOf, RouteSettings, sendEvents } from '@warmbox/http';
import { jsonLine, MEDIA, type Clock } from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map } from 'rxjs';
import { ApiEventStream, ApiProblems, ApiRuntime } from '../docs/index.js';
import { callerOf } from '../http/caller.js';
import { Operation } from '../http/operation.js';
import { ApiIdempotencyKey } from '../idempotency/api.idempotency-key.js';
import { CLOCK } from '../kube/kube.module.js';
import { creationStream } from './creation.stream.js';
import { Creations, type KeyedBy } from './creations.js';

@ApiTags('Sandboxes')
@ApiRuntime()
@Controller('api/:runtime')
export class CreationController {
  constructor(
    private readonly creations: Creations,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Post()
  @AnswersWith(MEDIA.eventStream)
  @RouteSettings({ answersHalfClosed: true })
  @Operation('createSandbox')
  @ApiExcludeEndpoint()
  @ApiIdempotencyKey()
  async createStreaming(
    @Param('runtime') runtime: string,
    @Body() body: CreateSandboxDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const keyed = keyedBy(idempotencyKeyOf(request), body);
    const { principal, disconnected } = callerOf(request, reply);
    const events = await creationStream(
      (waiting) => this.creations.create(principal, runtime, body, waiting, keyed),
      body,
      disconnected,
    );
    sendEvents(request, reply, events.pipe(map((event) => ({ data: jsonLine(event) }))), this.clock);
  }

  @Post()
  @AnswersWith(MEDIA.json)
  @RouteSettings({ answersHalfClosed: true })
  @Operation('createSandbox', {
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
    const keyed = keyedBy(idempotencyKeyOf(request), body);
    const { principal, disconnected } = callerOf(request, reply);
    const creation = await this.creations.create(principal, runtime, body, { disconnected }, keyed);
    return body.waitForReady === false ? creation.sandbox : creation.ready;
  }
}

function keyedBy(key: string | undefined, request: CreateSandboxDto): KeyedBy | undefined {
  return key === undefined ? undefined : { route: 'create', key, request };
}
