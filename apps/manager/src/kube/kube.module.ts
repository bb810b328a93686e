import {
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { ClusterClock, KubeClient, KubeConnection, PodStore, type RequestObserver } from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { Metrics } from '../config/metrics.js';
import { clockMetrics, kubeRequestMetrics, storeMetrics } from './kube.metrics.js';
import { traceKubeRequest } from './kube.tracing.js';

/** Where the clock is injected: its wall-clock time is the cluster's, whatever this machine's own says (ClusterTime). */
export const CLOCK = Symbol('CLOCK');

/** The way to Kubernetes and what it says of our pods. Its watch begins at bootstrap and ends last, after the server. */
@Module({})
export class KubeModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly connection: KubeConnection,
    private readonly store: PodStore,
    private readonly clock: ClusterClock,
    private readonly metrics: Metrics,
  ) {}

  static of(connection: KubeConnection): DynamicModule {
    return {
      module: KubeModule,
      global: true,
      providers: [
        { provide: ClusterClock, useFactory: () => new ClusterClock(systemClock, new Logger(ClusterClock.name)) },
        { provide: CLOCK, useExisting: ClusterClock },
        { provide: KubeConnection, useValue: connection },
        {
          provide: KubeClient,
          inject: [Metrics, ClusterClock],
          useFactory: (metrics: Metrics, clock: ClusterClock) =>
            new KubeClient(connection, clock, both(kubeRequestMetrics(metrics), traceKubeRequest), (answer) =>
              clock.observe(answer),
            ),
        },
        {
          provide: PodStore,
          inject: [KubeClient, ManagerOptions, ClusterClock],
          useFactory: (client: KubeClient, { targetNamespace }: ManagerOptions, clock: ClusterClock) =>
            new PodStore(client, { namespace: targetNamespace }, clock, new Logger(PodStore.name)),
        },
      ],
      exports: [CLOCK, ClusterClock, KubeConnection, KubeClient, PodStore],
    };
  }

  onApplicationBootstrap(): void {
    storeMetrics(this.metrics, this.store);
    clockMetrics(this.metrics, this.clock);
    this.store.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.stop();
    await this.connection.close();
  }
}

function both(one: RequestObserver, other: RequestObserver): RequestObserver {
  return (verb, plural) => {
    const ends = [one(verb, plural), other(verb, plural)];
    return (status, seconds) => ends.forEach((end) => end(status, seconds));
  };
}
