import { HEADER } from '@warmbox/contracts';
import { Body, Controller, Delete, Get, Headers, HttpCode, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ExecuteDto, SignalDto, type ExecutionDto } from '@warmbox/dto';
import { idempotencyKeyOf, RouteSettings } from '@warmbox/http';
import {
  acceptable,
  contentTypeOf,
  EVENT_STREAM_HEADERS,
  every,
  KEEP_ALIVE_MS,
  MEDIA,
  STREAM_FORM,
  traceContextOf,
  type Clock,
  type Media,
  type StreamMedia,
} from '@warmbox/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AGAIN_FROM_THE_START, FROM_THE_START, invalidId, startingPointOf, type StartingPoint } from './event.id.js';
import { EventsQueryDto } from './events.query.dto.js';
import type { Execution } from './execution.js';
import { ExecutionRegistry } from './execution.registry.js';
import { ExecutionResult } from './execution.result.js';
import { ExecutionStream, type EventsForm } from './execution.stream.js';
import { CLOCK } from './execution.tokens.js';
import { responseSink } from './response.sink.js';

const DEFAULT_MAX_OUTPUT_BYTES = 1_048_576;

@Controller('api')
export class ExecutionController {
  constructor(
    private readonly executions: ExecutionRegistry,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Runs a command; answers with its events or, once it has ended, with its result; of a detached one with itself, at once. */
  @Post('execute')
  @RouteSettings({ takesIdempotencyKey: true })
  async execute(@Body() body: ExecuteDto, @Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const media = acceptable(request.headers.accept, [MEDIA.eventStream, MEDIA.json, MEDIA.ndjson]);
    const started = { trace: traceContextOf(request.headers), key: idempotencyKeyOf(request) };
    const { execution, isNew } = await this.executions.start(body, started);
    const from = isNew ? FROM_THE_START : AGAIN_FROM_THE_START;
    const { encoding = 'utf8', events = 'original', maxOutputBytes = DEFAULT_MAX_OUTPUT_BYTES } = body;
    if (media !== MEDIA.json) {
      this.stream(execution, reply, media, from, { encoding, events });
      return;
    }
    if (body.detached === true) {
      void reply.status(202).header(HEADER.executionId, execution.id).send(execution.dto);
      return;
    }
    await this.answer(execution, reply, new ExecutionResult(execution, encoding, maxOutputBytes, from.resumes));
  }

  /** What ran and runs, the newest first. */
  @Get('executions')
  list(): ExecutionDto[] {
    return this.executions.list().map(({ dto }) => dto);
  }

  @Get('executions/:id')
  get(@Param('id') id: string): ExecutionDto {
    return this.executions.find(id).dto;
  }

  /** The events again, after the one that was seen last. */
  @Get('executions/:id/events')
  events(
    @Param('id') id: string,
    @Query() { after, encoding = 'utf8' }: EventsQueryDto,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Headers(HEADER.lastEventId) lastEventId?: string,
  ): void {
    const media = acceptable(request.headers.accept, [MEDIA.eventStream, MEDIA.ndjson]);
    const execution = this.executions.find(id);
    const from = startingPointOf(lastEventId, after);
    if (from.isDone) {
      void reply.status(204).send();
      return;
    }
    if (from.offset > execution.log.end) {
      throw invalidId(Boolean(lastEventId), `must not be beyond the output, which has ${execution.log.end} bytes`);
    }
    if (request.method === 'HEAD') void reply.headers(streamHeaders(execution, media)).send();
    else this.stream(execution, reply, media, from, { encoding, events: 'all' });
  }

  /**
   * Ends the command and what it has started: SIGTERM, after the kill grace SIGKILL. The answer waits for the end (a second
   * and a half longer than the kill grace at most) and tells it. What has already ended stays as it is.
   */
  @Delete('executions/:id')
  async cancel(@Param('id') id: string): Promise<ExecutionDto> {
    return (await this.executions.cancel(id)).dto;
  }

  /** Sends a signal to the group of the command. */
  @Post('executions/:id/signal')
  @HttpCode(200)
  signal(@Param('id') id: string, @Body() { signal }: SignalDto): ExecutionDto {
    const execution = this.executions.find(id);
    execution.signal(signal);
    return execution.dto;
  }

  /** The manager's notice that the client of a stream that it relays has disconnected. */
  @Post('executions/:id/left')
  @HttpCode(204)
  left(@Param('id') id: string): void {
    this.executions.find(id).clientDisconnected();
  }

  /**
   * The head goes out at once: a manager must know the execution to say that its client has disconnected. So where there will be no
   * result after all only the broken-off answer can tell. Until there is one, empty lines before the JSON say that this executor
   * lives.
   */
  private async answer(execution: Execution, reply: FastifyReply, result: ExecutionResult): Promise<void> {
    const outcome = result.wait();
    if (reply.raw.destroyed) result.leave();
    else reply.raw.once('close', () => result.leave());
    reply.hijack();
    reply.raw.writeHead(200, jsonHeaders(execution));
    reply.raw.flushHeaders();
    const keepAlive = every(this.clock, KEEP_ALIVE_MS, () => void reply.raw.write('\n'));
    try {
      reply.raw.end(JSON.stringify(await outcome));
    } catch {
      reply.raw.destroy();
    } finally {
      keepAlive.cancel();
    }
  }

  private stream(
    execution: Execution,
    reply: FastifyReply,
    media: StreamMedia,
    from: StartingPoint,
    how: Pick<EventsForm, 'encoding' | 'events'>,
  ): void {
    reply.hijack();
    reply.raw.writeHead(200, streamHeaders(execution, media));
    const form = { ...how, ...STREAM_FORM[media] };
    new ExecutionStream(execution, responseSink(reply.raw), from, form, this.clock).open();
  }
}

function jsonHeaders({ id }: Execution): Record<string, string> {
  return { 'content-type': contentTypeOf(MEDIA.json), [HEADER.executionId]: id };
}

function streamHeaders({ id }: Execution, media: Media): Record<string, string> {
  return { 'content-type': contentTypeOf(media), ...EVENT_STREAM_HEADERS, [HEADER.executionId]: id };
}
