import { Injectable } from '@nestjs/common';
import { KubeClient, kubeProblem, PODS, PodStore } from '@warmbox/kube';
import { LABEL, SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import { ManagerOptions } from '../config/manager.options.js';

/** The sandboxes that carry a request's label. */
@Injectable()
export class RequestPods {
  constructor(
    private readonly client: KubeClient,
    private readonly store: PodStore,
    private readonly options: ManagerOptions,
  ) {}

  /**
   * As the API server has them, in the order of their names; the store may not have seen what another manager did a moment ago.
   *
   * @throws ProblemError kubernetes_unavailable
   */
  async list(hash: string): Promise<Pod[]> {
    const labelSelector = `${SANDBOX_SELECTOR},${LABEL.request}=${hash}`;
    const { items } = await this.client
      .list(PODS, this.options.targetNamespace, { labelSelector })
      .catch((error: unknown) => {
        throw kubeProblem(error);
      });
    for (const pod of items) this.store.put(pod);
    return items;
  }
}
