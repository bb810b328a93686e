import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import {
  HealthCheckService,
  HealthIndicatorService,
  type HealthIndicatorFunction,
  type HealthIndicatorResult,
} from '@nestjs/terminus';
import { ClusterClock, PodStore } from '@warmbox/kube';
import { Shutdown } from '@warmbox/platform';
import type { FastifyReply } from 'fastify';
import { Operation } from '../http/operation.js';
import { Leadership } from '../leadership/leadership.js';
import { Passes } from '../leadership/passes.js';
import { HealthDto } from './health.dto.js';
import { answerOf } from './health.answer.js';
import { passHealth } from './pass.health.js';

/** Probes. Liveness is this process's alone; readiness is the pod store's and, while it stops, the shutdown's. */
@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly store: PodStore,
    private readonly clock: ClusterClock,
    private readonly leadership: Leadership,
    private readonly passes: Passes,
    private readonly shutdown: Shutdown,
  ) {}

  @Get('livez')
  @Header('content-type', 'text/plain; charset=utf-8')
  @Operation('getLiveness', { summary: 'Whether the process lives', description: 'For livenessProbe.' })
  @ApiOkResponse({
    description: 'It does.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'ok' } },
  })
  live(): string {
    return 'ok';
  }

  @Get('readyz')
  @Operation('getReadiness', {
    summary: 'Whether this manager wants requests',
    description: 'For readinessProbe: it knows the cluster, and is not about to stop.',
  })
  @ApiOkResponse({ description: 'It does.', type: HealthDto })
  @ApiServiceUnavailableResponse({ description: 'It does not; `error` says why.', type: HealthDto })
  ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return answerOf(reply, this.health.check([...this.state, () => this.serving()]));
  }

  @Get('healthz')
  @Operation('getHealth', { summary: 'The health of this manager', description: 'For people and monitors.' })
  @ApiOkResponse({ description: 'It is well.', type: HealthDto })
  @ApiServiceUnavailableResponse({ description: 'It is not; `error` says why.', type: HealthDto })
  healthy(@Res({ passthrough: true }) reply: FastifyReply): Promise<unknown> {
    return answerOf(reply, this.health.check(this.state));
  }

  private get state(): HealthIndicatorFunction[] {
    return [() => this.kubernetes(), () => this.time(), () => this.periodic()];
  }

  private kubernetes(): HealthIndicatorResult {
    const indicator = this.indicators.check('kubernetes');
    const { obstacle } = this.leadership;
    // A list of what a namespace holds succeeds where there is no namespace.
    if (obstacle?.missing === 'namespace') return indicator.down(`Nothing can be created: ${obstacle.sentence}`);
    if (this.store.isCurrent()) return obstacle === undefined ? indicator.up() : indicator.up(obstacle.sentence);
    const why = obstacle?.sentence ?? 'the Kubernetes API does not answer, or not yet.';
    return indicator.down(`The state of the cluster is not known: ${why}`);
  }

  /** Never down: all that a wrong or uncertain time keeps from being done is the end of what is over its time. */
  private time(): HealthIndicatorResult {
    const { complaint } = this.clock;
    const indicator = this.indicators.check('time');
    return complaint === undefined ? indicator.up() : indicator.up(complaint);
  }

  /** Never down: a pass that failed comes again, and other managers would fare no better. */
  private periodic(): HealthIndicatorResult {
    return this.indicators.check('passes').up(passHealth(this.passes.all));
  }

  private serving(): HealthIndicatorResult {
    const indicator = this.indicators.check('serving');
    return this.shutdown.phase === 'serving' ? indicator.up() : indicator.down('The manager shuts down.');
  }
}
