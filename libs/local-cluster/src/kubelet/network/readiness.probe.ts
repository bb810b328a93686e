import { request } from 'node:http';
import type { Pod } from '@warmbox/sandbox';

export type ProbeSpec = NonNullable<NonNullable<Pod['spec']>['containers'][number]['readinessProbe']>;

/** The latest of a probe's results, and how many of that kind came in a row. */
export interface ProbeRow {
  isReady: boolean;
  succeeded: boolean;
  count: number;
}

export const BEFORE_FIRST_PROBE: ProbeRow = { isReady: false, succeeded: false, count: 0 };

/** What one more result makes of the readiness: it changes after as many equal results in a row as its threshold says. */
export function afterResult(row: ProbeRow, succeeded: boolean, spec: ProbeSpec): ProbeRow {
  const count = row.succeeded === succeeded ? row.count + 1 : 1;
  const threshold = succeeded ? (spec.successThreshold ?? 1) : (spec.failureThreshold ?? 3);
  return { isReady: count >= threshold ? succeeded : row.isReady, succeeded, count };
}

/** Milliseconds from the end of one probe to the next one's start; Kubernetes' default is 10 s. */
export function periodOf(spec: ProbeSpec): number {
  return (spec.periodSeconds ?? 10) * 1000;
}

/** One probe: whether the executor answers the GET over its Unix socket in time with a status from 200 to 399. */
export function probe(spec: ProbeSpec, socketPath: string): Promise<boolean> {
  const { path = '/', httpHeaders = [] } = spec.httpGet ?? { port: 0 };
  const signal = AbortSignal.timeout((spec.timeoutSeconds ?? 1) * 1000);
  const headers = {
    host: 'localhost',
    'user-agent': 'kube-probe/1.34',
    connection: 'close',
    ...Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value])),
  };
  return new Promise((resolve) => {
    const get = request({ socketPath, path, headers, signal, agent: false }, (response) => {
      const { statusCode = 0 } = response;
      response.on('error', () => resolve(false));
      response.on('end', () => resolve(statusCode >= 200 && statusCode < 400));
      response.resume();
    });
    get.on('error', () => resolve(false));
    get.end();
  });
}
