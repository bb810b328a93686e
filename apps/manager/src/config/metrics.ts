import { Injectable } from '@nestjs/common';
import { Registry } from 'prom-client';

/** The one registry of the process. Each room adds what it measures, in a file of its own; docs/metrics.md lists all. */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
}
