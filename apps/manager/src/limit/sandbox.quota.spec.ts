import { Logger } from '@nestjs/common';
import { systemClock } from '@warmbox/platform';
import { atLeast, waitFor } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { hard, QuotaApi } from './fixtures/quota.api.js';
import { SandboxQuota } from './sandbox.quota.js';

Logger.overrideLogger(false);

describe('the quota', () => {
  const leadership = { isOutdated: false };
  let api: QuotaApi;
  let quota: SandboxQuota;
  let changes = 0;

  beforeEach(() => {
    leadership.isOutdated = false;
    changes = 0;
    api = new QuotaApi();
    const options = Object.assign(new ManagerOptions(), { maxTotalContainers: 1000 });
    quota = new SandboxQuota(api.client, leadership, options, systemClock);
    quota.subscribe(() => (changes += 1));
    quota.onApplicationBootstrap();
  });
  afterEach(() => quota.onApplicationShutdown());

  /** Lets somebody change it, and waits until it was seen. */
  async function after(change: () => void): Promise<boolean> {
    await waitFor('it was looked at', () => quota.isKnown, true);
    const before = changes;
    change();
    await waitFor('the change is seen', () => changes, atLeast(before + 1));
    return quota.isInForce;
  }
  const set = (asked: string, shown?: string): Promise<boolean> =>
    after(() =>
      api.set({ spec: { hard: hard(asked) }, ...(shown === undefined ? {} : { status: { hard: hard(shown) } }) }),
    );

  it('is not in force where there is none', async () => {
    await waitFor('it was looked at', () => quota.isKnown, true);
    expect([quota.isInForce, quota.limit]).toEqual([false, undefined]);
  });

  it('is in force only while the status shows what the spec asks for', async () => {
    expect(await set('1000')).toBe(false);
    expect(await set('1000', '1000')).toBe(true);
    await quota.inForce;
    expect(await set('900', '1000')).toBe(false);
    expect(await set('900', '900')).toBe(true);
    expect(await after(() => api.set({ spec: { hard: hard('900') }, status: {} }))).toBe(false);
  });

  it('reads amounts as Kubernetes writes them', async () => {
    expect(await set('1000', '1k')).toBe(true);
    expect(quota.limit).toBe(1000);
  });

  it('is out of force when it is deleted, and when it counts something else', async () => {
    await set('1000', '1000');
    expect(await after(() => api.remove())).toBe(false);
    await set('1000', '1000');
    expect(await after(() => api.set({ spec: { hard: { pods: '1' } }, status: { hard: { pods: '1' } } }))).toBe(false);
  });

  it('is in force for a manager with a higher limit of its own, not for one with a lower', async () => {
    expect(await set('999', '999')).toBe(true);
    expect(await set('1001', '1001')).toBe(false);
  });

  it('does not make a start wait for a lower limit, which is this manager’s to write once it has started', async () => {
    expect(await set('1001', '1000')).toBe(false);
    let isSeen = false;
    void quota.inForce.then(() => (isSeen = true));
    expect([await set('1001', '1001'), isSeen]).toEqual([false, true]);
  });

  it('is in force with a higher limit for a manager whose configuration a rollout has replaced', async () => {
    leadership.isOutdated = true;
    expect(await set('1001', '1001')).toBe(true);
    expect(await set('1002', '1001')).toBe(false);
  });

  it('tells nobody any more who has unsubscribed', async () => {
    let told = 0;
    const unsubscribe = quota.subscribe(() => (told += 1));
    await set('1000', '1000');
    expect(told).toBeGreaterThan(0);
    unsubscribe();
    told = 0;
    await set('999', '999');
    expect(told).toBe(0);
  });
});
