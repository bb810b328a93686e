import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '../config/metrics.js';
import { Leadership } from './leadership.js';

/** Tells whether this manager leads, and how often that began. */
@Injectable()
export class LeadershipMetrics implements OnModuleInit {
  constructor(
    private readonly metrics: Metrics,
    @Inject(Leadership) private readonly leadership: Pick<Leadership, 'isLeader' | 'subscribe'>,
  ) {}

  onModuleInit(): void {
    const { leadership } = this;
    const registers = [this.metrics.registry];
    new Gauge({
      name: 'warmbox_leader',
      help: 'Whether this manager leads: 1 or 0.',
      registers,
      collect() {
        this.set(leadership.isLeader ? 1 : 0);
      },
    });
    const transitions = new Counter({
      name: 'warmbox_leader_transitions_total',
      help: 'How many times this manager began to lead.',
      registers,
    });
    let wasLeader = false;
    leadership.subscribe(() => {
      if (leadership.isLeader && !wasLeader) transitions.inc();
      wasLeader = leadership.isLeader;
    });
  }
}
