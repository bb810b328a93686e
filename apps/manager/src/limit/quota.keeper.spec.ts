import { Logger } from '@nestjs/common';
import { KubeApiError, LeadershipLostError } from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import { waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { hard, QuotaApi } from './fixtures/quota.api.js';
import { QuotaKeeper } from './quota.keeper.js';
import { SandboxQuota } from './sandbox.quota.js';

Logger.overrideLogger(false);

describe('the quota and its keeper', () => {
  let api: QuotaApi;
  let quota: SandboxQuota;
  let keeper: QuotaKeeper;
  let ending: AbortController;
  let leading: Promise<void> | undefined;

  beforeEach(() => {
    api = new QuotaApi();
    const options = Object.assign(new ManagerOptions(), { maxTotalContainers: 1000 });
    const leadership = { register: () => undefined, isOutdated: false };
    quota = new SandboxQuota(api.client, leadership, options, systemClock);
    keeper = new QuotaKeeper(leadership, quota, api.client, options, systemClock);
    ending = new AbortController();
    leading = undefined;
  });
  afterEach(async () => {
    ending.abort(new LeadershipLostError('over'));
    await leading;
    await quota.onApplicationShutdown();
  });

  function lead(): void {
    const { signal } = ending;
    const term = {
      signal,
      get isLeading() {
        return !signal.aborted;
      },
      assertLeading: () => signal.throwIfAborted(),
    };
    leading = keeper.lead(term);
  }

  const limitShown = (limit: number | undefined): Promise<unknown> =>
    waitFor(`a quota of ${String(limit)} is seen`, () => ({ isKnown: quota.isKnown, limit: quota.limit ?? 'none' }), {
      isKnown: true,
      limit: limit ?? 'none',
    });

  it('write nothing on a manager that only follows', async () => {
    quota.onApplicationBootstrap();
    await limitShown(undefined);
    expect(api.writes).toEqual([]);
  });

  it('make it where it is missing, and again where somebody deletes it', async () => {
    lead();
    quota.onApplicationBootstrap();
    await limitShown(1000);
    api.remove();
    await waitFor('it is made again', () => ({ writes: api.writes, has: api.quota !== undefined }), {
      writes: { length: 2 },
      has: true,
    });
    expect(api.writes).toEqual(['create 1000', 'create 1000']);
  });

  it('set another limit to ours, whoever wrote it', async () => {
    api.set({ spec: { hard: hard('7') } });
    quota.onApplicationBootstrap();
    lead();
    await limitShown(1000);
    api.set({ spec: { hard: hard('500') } });
    await waitFor('it is set again', () => api.writes, { length: 2 });
    expect(api.writes).toEqual(['patch 1000', 'patch 1000']);
  });

  it('take the same limit, written as Kubernetes writes it, for ours', async () => {
    api.set({ spec: { hard: hard('1k') } });
    quota.onApplicationBootstrap();
    lead();
    await limitShown(1000);
    api.remove();
    await waitFor('it is made again', () => api.quota);
    expect(api.writes).toEqual(['create 1000']);
  });

  it('fail the task where the write fails, for the leader to begin it again', async () => {
    api.fail = new KubeApiError(403, { reason: 'Forbidden' }, 'POST /resourcequotas');
    quota.onApplicationBootstrap();
    lead();
    await expect(leading).rejects.toThrow(api.fail);
    leading = undefined;
  });

  it('send nothing any more when the term has ended', async () => {
    quota.onApplicationBootstrap();
    await limitShown(undefined);
    const signal = AbortSignal.abort(new LeadershipLostError('late'));
    const late = { signal, isLeading: true, assertLeading: () => signal.throwIfAborted() };
    await expect(keeper.lead(late)).rejects.toThrow('late');
    expect(api.writes).toEqual([]);
  });
});
