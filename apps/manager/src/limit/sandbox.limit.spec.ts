import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { ManagerOptions } from '../config/manager.options.js';
import { SandboxLimit } from './sandbox.limit.js';

describe('the limit of sandboxes', () => {
  const quota = { isInForce: true };
  const store = { current: true, pods: [] as Pod[] };
  let limit: SandboxLimit;
  beforeEach(() => {
    quota.isInForce = true;
    store.current = true;
    store.pods = [aPod({ name: 'a' })];
    const options = new ManagerOptions();
    options.maxTotalContainers = 3;
    limit = new SandboxLimit(
      {
        isCurrent: () => store.current,
        get size() {
          return store.pods.length;
        },
      },
      quota,
      options,
    );
  });

  function refusal(): unknown {
    try {
      limit.take();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  it('counts what exists and what is being created', () => {
    limit.take();
    limit.take();
    expect(refusal()).toMatchObject({ code: 'limit_reached', headers: { 'retry-after': '5' } });
  });

  it('counts pods that terminate or have ended, as the quota does', () => {
    store.pods = [
      aPod({ name: 'a', deletedAt: '2026-01-01T00:00:05Z' }),
      aPod({ name: 'b', phase: 'Failed' }),
      aPod({ name: 'c' }),
    ];
    expect(refusal()).toMatchObject({ code: 'limit_reached' });
  });

  it('has room again where a creation has ended, however often that is said', () => {
    const first = limit.take();
    limit.take();
    first.release();
    first.release();
    limit.take();
    expect(refusal()).toMatchObject({ code: 'limit_reached' });
  });

  it('never fails open: without quota or without knowledge of the pods nothing is created', () => {
    quota.isInForce = false;
    expect(refusal()).toMatchObject({ code: 'not_synced' });
    quota.isInForce = true;
    store.current = false;
    expect(refusal()).toMatchObject({ code: 'not_synced' });
  });
});
