import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { Operation } from '../http/operation.js';
import { Metrics } from '../config/metrics.js';

const EXAMPLE = `# HELP warmbox_leader Whether this manager leads: 1 or 0.
# TYPE warmbox_leader gauge
warmbox_leader 1
`;

/** Needs the API key as everything else does: the figures tell who is busy, and Prometheus can send a bearer token. */
@ApiTags('Health')
@Controller()
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get('metrics')
  @Header('content-type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Operation('getMetrics', {
    summary: 'Get the metrics of this manager',
    description: 'In the text format of Prometheus; each manager tells its own.',
  })
  @ApiOkResponse({
    description: 'The metrics.',
    content: { 'text/plain': { schema: { type: 'string' }, example: EXAMPLE } },
  })
  text(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
