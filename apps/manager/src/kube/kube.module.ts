import {
  Logger,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { KubeClient, KubeConnection, PodStore } from '@warmbox/kube';
import { systemClock, type Clock } from '@warmbox/platform';
import { ManagerOptions } from '../config/manager.options.js';
import { Metrics } from '../metrics/metrics.js';
import { kubeRequestMetrics, storeMetrics } from './kube.metrics.js';

/** Where the machine's clock is injected. */
export const CLOCK = Symbol('CLOCK');

/** The way to Kubernetes and what it says of our pods. Its watch begins at bootstrap and ends last, after the server. */
@Module({})
export class KubeModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly connection: KubeConnection,
    private readonly store: PodStore,
    private readonly metrics: Metrics,
  ) {}

  static of(connection: KubeConnection): DynamicModule {
    return {
      module: KubeModule,
      global: true,
      providers: [
        { provide: CLOCK, useValue: systemClock },
        { provide: KubeConnection, useValue: connection },
        {
          provide: KubeClient,
          inject: [Metrics, CLOCK],
          useFactory: (metrics: Metrics, clock: Clock) =>
            new KubeClient(connection, clock, kubeRequestMetrics(metrics)),
        },
        {
          provide: PodStore,
          inject: [KubeClient, ManagerOptions, CLOCK],
          useFactory: (client: KubeClient, { targetNamespace }: ManagerOptions, clock: Clock) =>
            new PodStore(client, { namespace: targetNamespace }, clock, new Logger(PodStore.name)),
        },
      ],
      exports: [CLOCK, KubeConnection, KubeClient, PodStore],
    };
  }

  onApplicationBootstrap(): void {
    storeMetrics(this.metrics, this.store);
    this.store.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.store.stop();
    await this.connection.close();
  }
}
