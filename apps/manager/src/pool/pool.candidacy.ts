import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { PodStore } from '@warmbox/kube';
import type { Clock } from '@warmbox/platform';
import type { Lease } from '@warmbox/sandbox';
import { CLOCK } from '../kube/kube.module.js';
import type { ConfigurationCandidacy } from '../leadership/leadership.js';
import { PoolPods } from './pool.pods.js';
import { POOL_OPTIONS, type PoolOptions } from './pool.ports.js';
import {
  encodeDesired,
  publishedTemplate,
  standingOf,
  TEMPLATE_ANNOTATION,
  templateOfAll,
  type Standing,
} from './pool.template.js';

/**
 * Managers of an older configuration of the pools leave the lease to those of the desired one; a newer one makes its own the desired
 * one, as soon as it serves: one that ends again and again before it does must not take the lease from those that work.
 */
@Injectable()
export class PoolCandidacy implements ConfigurationCandidacy {
  private readonly own: string;
  private readonly startedAt: number;

  constructor(
    @Inject(PoolPods) pods: Pick<PoolPods, 'templates'>,
    @Inject(HttpAdapterHost) private readonly server: Pick<HttpAdapterHost, 'listening'>,
    @Inject(PodStore) private readonly store: Pick<PodStore, 'isCurrent'>,
    @Inject(POOL_OPTIONS) { maxTotalContainers }: Pick<PoolOptions, 'maxTotalContainers'>,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.own = templateOfAll(pods.templates, maxTotalContainers);
    this.startedAt = clock.now();
  }

  shouldLead(lease: Lease | undefined): boolean {
    const standing = this.standing(lease);
    return standing === 'newer' ? this.isServing : standing === 'same';
  }

  isOlder(lease: Lease | undefined): boolean {
    return this.standing(lease) === 'older';
  }

  annotations(lease: Lease | undefined, isAcquiring: boolean): Record<string, string> {
    const isDesired = publishedTemplate(lease)?.template === this.own;
    const isWriting = isAcquiring ? !isDesired : this.isServing && this.standing(lease) === 'newer';
    if (!isWriting) return {};
    return { [TEMPLATE_ANNOTATION]: encodeDesired({ template: this.own, firstSeen: this.clock.now() }) };
  }

  /** Whether it listens and knows the present. */
  private get isServing(): boolean {
    return this.server.listening && this.store.isCurrent();
  }

  private standing(lease: Lease | undefined): Standing {
    return standingOf(publishedTemplate(lease), this.own, this.startedAt);
  }
}
