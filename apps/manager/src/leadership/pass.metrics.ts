import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '../config/metrics.js';
import type { Pass, PassOutcome } from './pass.js';
import { Passes } from './passes.js';

const OUTCOMES: readonly PassOutcome[] = ['succeeded', 'failed'];

/** Tells at each scrape of the passes that are this manager's: those of the leader only while it leads. */
@Injectable()
export class PassMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    private readonly passes: Passes,
  ) {}

  onModuleInit(): void {
    const registers = [this.metrics.registry];
    const { passes } = this;
    this.gauge(
      'warmbox_pass_interval_seconds',
      'How long after a run of a pass the next one comes, by pass.',
      ({ intervalMs }) => intervalMs / 1000,
    );
    this.gauge(
      'warmbox_pass_last_run_timestamp_seconds',
      'When the last run of a pass ended, in seconds since 1970, by pass; 0 before its first end.',
      ({ last }) => (last?.endedAt ?? 0) / 1000,
    );
    this.gauge(
      'warmbox_pass_last_run_seconds',
      'How long the last run of a pass took, by pass; NaN before its first end.',
      ({ last }) => (last === undefined ? NaN : last.durationMs / 1000),
    );
    new Counter({
      name: 'warmbox_pass_runs_total',
      help: 'Runs of passes of this manager, by pass and by outcome: succeeded or failed.',
      labelNames: ['pass', 'outcome'],
      registers,
      collect() {
        this.reset();
        for (const { name, counts } of passes.all)
          for (const outcome of OUTCOMES) this.inc({ pass: name, outcome }, counts[outcome]);
      },
    });
  }

  private gauge(name: string, help: string, value: (pass: Pass) => number): void {
    const { passes } = this;
    new Gauge({
      name,
      help,
      labelNames: ['pass'],
      registers: [this.metrics.registry],
      collect() {
        this.reset();
        for (const pass of passes.all) if (pass.state !== 'not_leading') this.set({ pass: pass.name }, value(pass));
      },
    });
  }
}
