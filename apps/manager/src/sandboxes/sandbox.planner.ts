import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import { podOf, type Pod, type SandboxSpec } from '@warmbox/sandbox';
import { MEMORY_FLOOR_MI } from '../config/amounts.options.js';
import { ManagerOptions } from '../config/manager.options.js';
import { executorSettings } from './executor.settings.js';
import { resolveResources } from './resource.request.js';
import { RuntimeCatalog, type Runtime } from './runtime.catalog.js';
import { SandboxGrants } from './sandbox.grants.js';
import { newSandboxName } from './sandbox.name.js';

/** Makes the pods of sandboxes; no other place does. */
@Injectable()
export class SandboxPlanner {
  constructor(
    private readonly options: ManagerOptions,
    private readonly runtimes: RuntimeCatalog,
    private readonly grants: SandboxGrants,
  ) {}

  /**
   * The pod that a request asks for.
   *
   * @param requestHash stands for the request, where that has an idempotency key.
   * @throws ProblemError runtime_not_found, or invalid_request where the resources or the lifetime cannot be given
   */
  plan(runtimeName: string, request: CreateSandboxDto, requestHash?: string): Pod {
    const runtime = this.runtimes.get(runtimeName);
    const resources = resolveResources(request.resources, {
      ...runtime,
      maximum: this.options.maxResourceLimits,
      memoryFloorMi: MEMORY_FLOOR_MI,
    });
    if (Array.isArray(resources)) throw invalidRequest(resources);
    const annotations = this.grants.first(request);
    const { labels = {}, userId } = request;
    return podOf({
      ...this.bare(runtime, resources),
      pool: 'manual',
      priorityClassName: this.options.sandboxPriorityClassName || undefined,
      awaitsEnvironment: hasVariables(request),
      labels,
      userId,
      request: requestHash,
      annotations,
    });
  }

  /** A new pod for the runtime's pool. @throws ProblemError runtime_not_found */
  warm(runtimeName: string): Pod {
    const runtime = this.runtimes.get(runtimeName);
    return podOf(this.bare(runtime, { requests: runtime.defaultRequests, limits: runtime.defaultLimits }));
  }

  /** Nobody's sandbox. */
  private bare(runtime: Runtime, resources: Pick<SandboxSpec, 'requests' | 'limits'>): SandboxSpec {
    return {
      name: newSandboxName(runtime.podNamePrefix),
      namespace: this.options.targetNamespace,
      runtime: runtime.name,
      runtimeClassName: runtime.runtimeClassName,
      pool: 'warm',
      image: runtime.image,
      ...resources,
      token: randomBytes(24).toString('hex'),
      settings: executorSettings(this.options, runtime, resources.limits),
      awaitsEnvironment: false,
      labels: {},
      createdBy: hostname(),
    };
  }
}

/** Whether a request brings variables, without which its sandbox is not ready. */
export function hasVariables({ environmentVariables = {} }: Pick<CreateSandboxDto, 'environmentVariables'>): boolean {
  return Object.keys(environmentVariables).length > 0;
}
