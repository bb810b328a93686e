import { Injectable } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import type { Amounts } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { DEFAULT_RUNTIME, type RuntimeOptions } from '../config/runtime.options.js';

/** One configured runtime, with everything that a pod of it needs. */
export interface Runtime {
  name: string;
  runtimeClassName: string;
  podNamePrefix: string;
  image: string;
  defaultRequests: Amounts;
  defaultLimits: Amounts;
  maxProcessesPerGi: number;
}

/** The configured runtimes: the `{runtime}` of every path. */
@Injectable()
export class RuntimeCatalog {
  private readonly runtimes: ReadonlyMap<string, Runtime>;

  constructor(options: ManagerOptions) {
    const base = {
      runtimeClassName: options.runtimeClassName,
      podNamePrefix: options.podNamePrefix,
      image: options.executorImage,
      defaultRequests: options.defaultResourceRequests,
      defaultLimits: options.defaultResourceLimits,
    };
    const entries = Object.entries<RuntimeOptions>({ [DEFAULT_RUNTIME]: {}, ...options.runtimes });
    this.runtimes = new Map(
      entries.map(([name, own]) => [
        name,
        {
          name,
          runtimeClassName: own.runtimeClassName ?? base.runtimeClassName,
          podNamePrefix: own.podNamePrefix ?? base.podNamePrefix,
          image: own.executorImage ?? base.image,
          defaultRequests: own.defaultResourceRequests ?? base.defaultRequests,
          defaultLimits: own.defaultResourceLimits ?? base.defaultLimits,
          maxProcessesPerGi: own.maxProcessesPerGi ?? options.maxProcessesPerGi,
        },
      ]),
    );
  }

  /** @throws ProblemError runtime_not_found */
  get(name: string): Runtime {
    const runtime = this.runtimes.get(name);
    if (runtime === undefined) {
      const known = [...this.runtimes.keys()].join(', ');
      throw new ProblemError('runtime_not_found', `There is no runtime ${JSON.stringify(name)}; configured: ${known}.`);
    }
    return runtime;
  }
}
