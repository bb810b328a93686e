import type { ClusterClock, PodStore, RequestObserver } from '@warmbox/kube';
import { Gauge, Histogram } from 'prom-client';
import type { Metrics } from '../config/metrics.js';

/** Seconds: an API server at rest answers in 2–5 ms, a busy one in tens of them; 10 s is when an answer counts as none. */
const BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Measures the requests to the Kubernetes API. */
export function kubeRequestMetrics({ registry }: Metrics): RequestObserver {
  const seconds = new Histogram({
    name: 'warmbox_kube_request_seconds',
    help: 'How long the Kubernetes API took to answer; code is "none" where it did not.',
    labelNames: ['verb', 'code'],
    buckets: BUCKETS,
    registers: [registry],
  });
  return (verb) => (status, taken) => {
    if (taken !== undefined) seconds.observe({ verb, code: status ?? 'none' }, taken);
  };
}

/** Tells how old the pod store is at each scrape. */
export function storeMetrics({ registry }: Metrics, store: PodStore): void {
  new Gauge({
    name: 'warmbox_store_age_seconds',
    help: 'Time since the Kubernetes API last proved that this manager knows all sandboxes; +Inf before the first list.',
    registers: [registry],
    collect() {
      this.set((store.ageMs ?? Infinity) / 1000);
    },
  });
}

/** Tells how wrong this machine's clock is, and whether the cluster's time is known, at each scrape. */
export function clockMetrics({ registry }: Metrics, clock: ClusterClock): void {
  new Gauge({
    name: 'warmbox_clock_ahead_seconds',
    help: "How far this machine's clock is ahead of the Kubernetes API's (behind: negative), whose time is used; NaN before its first answer.",
    registers: [registry],
    collect() {
      this.set(clock.aheadMs === undefined ? NaN : clock.aheadMs / 1000);
    },
  });
  new Gauge({
    name: 'warmbox_clock_sure',
    help: 'Whether the time of the Kubernetes API is certain, without which cleanup ends nothing for being over its time: 1 or 0.',
    registers: [registry],
    collect() {
      this.set(clock.isSure ? 1 : 0);
    },
  });
}
