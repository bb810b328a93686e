import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { CreateSandboxDto } from '@warmbox/contracts';
import { invalidRequest } from '@warmbox/platform';
import { podOf, type Pod } from '@warmbox/sandbox';
import { MEMORY_FLOOR_MI } from '../config/amounts.options.js';
import { ManagerOptions } from '../config/manager.options.js';
import { executorSettings } from './executor.settings.js';
import { resolveResources } from './resource.request.js';
import { RuntimeCatalog } from './runtime.catalog.js';
import { newSandboxName } from './sandbox.name.js';

/** Turns a request into the pod that it asks for. */
@Injectable()
export class SandboxPlanner {
  constructor(
    private readonly options: ManagerOptions,
    private readonly runtimes: RuntimeCatalog,
  ) {}

  /** @throws ProblemError runtime_not_found, or invalid_request where the resources cannot be given */
  plan(runtimeName: string, request: CreateSandboxDto): Pod {
    const runtime = this.runtimes.get(runtimeName);
    const resources = resolveResources(request.resources, {
      ...runtime,
      maximum: this.options.maxResourceLimits,
      memoryFloorMi: MEMORY_FLOOR_MI,
    });
    if (Array.isArray(resources)) throw invalidRequest(resources);
    return podOf({
      ...resources,
      name: newSandboxName(runtime.podNamePrefix),
      namespace: this.options.targetNamespace,
      runtime: runtime.name,
      runtimeClassName: runtime.runtimeClassName,
      pool: 'manual',
      image: runtime.image,
      token: randomBytes(24).toString('hex'),
      settings: executorSettings(this.options),
      environmentVariables: request.environmentVariables ?? {},
      labels: request.labels ?? {},
      userId: request.userId,
      createdBy: hostname(),
    });
  }
}
