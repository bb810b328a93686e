import { Injectable } from '@nestjs/common';
import { PodStore, type Candidacy } from '@warmbox/kube';
import { Leadership } from './leadership.js';

/** A manager that does not know the present, because its watch has no answer, leaves the lease to those who do. */
@Injectable()
export class CurrentCandidacy implements Candidacy {
  constructor(
    private readonly store: PodStore,
    leadership: Leadership,
  ) {
    leadership.consider(this);
  }

  shouldLead(): boolean {
    return this.store.isCurrent();
  }

  annotations(): Record<string, string> {
    return {};
  }
}
