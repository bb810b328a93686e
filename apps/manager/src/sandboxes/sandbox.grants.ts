import { Inject, Injectable } from '@nestjs/common';
import type { GrantDto } from '@warmbox/dto';
import { invalidRequest } from '@warmbox/http';
import type { Clock } from '@warmbox/platform';
import { grantAnnotations } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';
import { CLOCK } from '../kube/kube.module.js';

/** For how long sandboxes are granted, as annotations of their pods. */
@Injectable()
export class SandboxGrants {
  constructor(
    private readonly options: ManagerOptions,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * A grant from now, with the configuration's defaults.
   *
   * @throws ProblemError invalid_request where a longer lifetime is asked for than the configuration allows
   */
  first(request: GrantDto): Record<string, string> {
    this.check(request);
    const { maxContainerLifetimeMinutes, idleTimeoutMinutes } = this.options;
    const { lifetimeSeconds = maxContainerLifetimeMinutes * 60, idleTimeoutSeconds = idleTimeoutMinutes * 60 } =
      request;
    return grantAnnotations({ lifetimeSeconds, idleTimeoutSeconds }, this.clock.now());
  }

  /**
   * What a request renews, from now; the rest stays as it was granted.
   *
   * @throws ProblemError invalid_request as `first`
   */
  renewed(request: GrantDto): Record<string, string> {
    this.check(request);
    const { lifetimeSeconds, idleTimeoutSeconds } = request;
    if (lifetimeSeconds === undefined && idleTimeoutSeconds === undefined) return {};
    return grantAnnotations({ lifetimeSeconds, idleTimeoutSeconds }, this.clock.now());
  }

  private check({ lifetimeSeconds = 0 }: GrantDto): void {
    const most = this.options.maxContainerLifetimeMinutes * 60;
    if (lifetimeSeconds <= most) return;
    throw invalidRequest([
      {
        pointer: '/lifetimeSeconds',
        detail: `lifetimeSeconds must not be greater than ${most} (maxContainerLifetimeMinutes)`,
      },
    ]);
  }
}
