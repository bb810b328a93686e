import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import type { CreateSandboxDto, GrantDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import { podOf, templateOf, type Pod, type SandboxSpec, type TemplateSpec } from '@warmbox/sandbox';
import { MEMORY_FLOOR_MI } from '../config/amounts.options.js';
import { ManagerOptions } from '../config/manager.options.js';
import type { Principal } from '../http/principal.js';
import { executorSettings } from './executor.settings.js';
import { resolveResources, type ResolvedResources } from './resource.request.js';
import { RuntimeCatalog, type Runtime } from './runtime.catalog.js';
import { SandboxGrants } from './sandbox.grants.js';
import { newSandboxName } from './sandbox.name.js';

/** Makes the pods of sandboxes; nobody else does. */
@Injectable()
export class SandboxPlanner {
  /** By runtime, of pods with its default resources. */
  private readonly templates = new Map<string, string>();

  constructor(
    private readonly options: ManagerOptions,
    private readonly runtimes: RuntimeCatalog,
    private readonly grants: SandboxGrants,
  ) {}

  /**
   * The pod that a principal's request asks for.
   *
   * @param requestHash stands for the request, where that has an idempotency key.
   * @throws ProblemError runtime_not_found, or invalid_request where the resources or the lifetime cannot be given
   */
  plan({ tenant }: Principal, runtimeName: string, request: CreateSandboxDto, requestHash?: string): Pod {
    const runtime = this.runtimes.get(runtimeName);
    const resources = this.resourcesOf(runtime, request);
    const annotations = this.grants.first(request);
    const { labels = {}, userId } = request;
    return podOf({
      ...this.bare(runtime, resources),
      pool: 'manual',
      priorityClassName: this.options.sandboxPriorityClassName || undefined,
      awaitsEnvironment: hasVariables(request),
      labels,
      tenant,
      userId,
      request: requestHash,
      annotations,
    });
  }

  /** A new pod for the runtime's pool. @throws ProblemError runtime_not_found */
  warm(runtimeName: string): Pod {
    const runtime = this.runtimes.get(runtimeName);
    return podOf(this.bare(runtime, defaultsOf(runtime)));
  }

  /**
   * The hash of the template of the pod that a request asks for; without resources that of the runtime's pool.
   *
   * @throws ProblemError as `plan`, but for the lifetime
   */
  templateOf(runtimeName: string, request: Pick<CreateSandboxDto, 'resources'> = {}): string {
    const runtime = this.runtimes.get(runtimeName);
    if (request.resources !== undefined) return templateOf(this.shared(runtime, this.resourcesOf(runtime, request)));
    let template = this.templates.get(runtimeName);
    if (template === undefined) {
      template = templateOf(this.shared(runtime, defaultsOf(runtime)));
      this.templates.set(runtimeName, template);
    }
    return template;
  }

  /** Checks what is asked for, whatever sandboxes there are. @throws ProblemError as `plan` */
  check(runtimeName: string, request: Pick<CreateSandboxDto, 'resources' | keyof GrantDto>): void {
    this.resourcesOf(this.runtimes.get(runtimeName), request);
    this.grants.first(request);
  }

  private resourcesOf(runtime: Runtime, { resources }: Pick<CreateSandboxDto, 'resources'>): ResolvedResources {
    const resolved = resolveResources(resources, {
      ...runtime,
      maximum: this.options.maxResourceLimits,
      memoryFloorMi: MEMORY_FLOOR_MI,
    });
    if (Array.isArray(resolved)) throw invalidRequest(resolved);
    return resolved;
  }

  /** Nobody's sandbox. */
  private bare(runtime: Runtime, resources: ResolvedResources): SandboxSpec {
    return {
      ...this.shared(runtime, resources),
      name: newSandboxName(runtime.podNamePrefix),
      pool: 'warm',
      token: randomBytes(24).toString('hex'),
      awaitsEnvironment: false,
      labels: {},
      createdBy: hostname(),
    };
  }

  private shared(runtime: Runtime, resources: ResolvedResources): TemplateSpec {
    return {
      namespace: this.options.targetNamespace,
      runtime: runtime.name,
      runtimeClassName: runtime.runtimeClassName,
      image: runtime.image,
      ...resources,
      settings: executorSettings(this.options, runtime, resources.limits),
    };
  }
}

function defaultsOf({ defaultRequests, defaultLimits }: Runtime): ResolvedResources {
  return { requests: defaultRequests, limits: defaultLimits };
}

/** Whether a request brings variables, without which its sandbox is not ready. */
export function hasVariables({ environmentVariables = {} }: Pick<CreateSandboxDto, 'environmentVariables'>): boolean {
  return Object.keys(environmentVariables).length > 0;
}
