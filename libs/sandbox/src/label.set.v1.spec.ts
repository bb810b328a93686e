import { readFileSync } from 'node:fs';
import { claimPatch } from './claim.patch.js';
import type { Pod } from './kubernetes.types.js';
import { SANDBOX_SELECTOR } from './sandbox.labels.js';
import { ownerOf } from './sandbox.owner.js';
import { executorAddress, executorToken, isReady, isSandbox, poolOf, statusOf } from './sandbox.state.js';
import { tenantOf } from './sandbox.tenant.js';
import { sandboxOf } from './sandbox.view.js';

type Pods = Record<'manual' | 'warm' | 'allocated' | 'allocatedToTenant', Pod>;

/** After an upgrade the sandboxes of the older version are still there, and belong to somebody. */
describe('sandboxes of label set v1', () => {
  const pods = JSON.parse(readFileSync(new URL('label.set.v1.json', import.meta.url), 'utf8')) as Pods;
  const each = (['manual', 'warm', 'allocated'] as const).map((pool) => [pool, pods[pool]] as const);
  const all = [...each, ['allocated', pods.allocatedToTenant] as const];

  it.each(all)('are found by the selector of lists and watches: %s', (_, pod) => {
    const [key = '', value] = SANDBOX_SELECTOR.split('=');
    expect(pod.metadata?.labels?.[key]).toBe(value);
    expect(isSandbox(pod)).toBe(true);
  });

  it.each(all)('are known for what they are: %s', (pool, pod) => {
    expect(poolOf(pod)).toBe(pool);
    expect(statusOf(pod)).toBe(pool);
    expect(isReady(pod)).toBe(true);
  });

  it.each(all)('can be dialled with their own token: %s', (_, pod) => {
    expect(executorAddress(pod)).toEqual({ host: '10.42.0.17', port: 8666 });
    expect(executorToken(pod)).toBe('0123456789abcdef0123456789abcdef0123456789abcdef');
  });

  it('are the tenant’s that they name, and the default tenant’s where they name none', () => {
    expect(all.map(([, pod]) => tenantOf(pod))).toEqual(['default', 'default', 'default', 'search']);
  });

  it('are shown to their users', () => {
    expect(sandboxOf(pods.manual)).toMatchObject({
      name: 'kata-sandbox-7g4kx2p9ab',
      runtime: 'kata',
      status: 'manual',
      phase: 'Running',
      isReady: true,
      createdAt: '2026-11-24T09:30:00.000Z',
      userId: 'ada@example.org',
      nodeName: 'node-1',
      podIP: '10.42.0.17',
      labels: { team: 'search' },
      image: 'ghcr.io/warmbox/executor:0.1.0',
      resources: {
        requests: { memoryMi: 128, cpuMillicores: 250 },
        limits: { memoryMi: 512, cpuMillicores: 1000 },
      },
    });
  });

  it('are found by the owner that their users’ ids stand for', () => {
    expect(pods.manual.metadata?.labels?.['warmbox.dev/owner']).toBe(ownerOf('ada@example.org'));
  });

  it('can be claimed where they are warm: the claim tests and writes the keys that they have', () => {
    const paths = claimPatch('uid', {
      claimId: 'c',
      tenant: 'search',
      userId: 'ada',
      allocatedAt: '2026-11-24T09:31:00.000Z',
    }).map((operation) => operation.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/metadata/labels/warmbox.dev~1pool',
        '/metadata/labels/warmbox.dev~1tenant',
        '/metadata/labels/warmbox.dev~1owner',
        '/metadata/annotations/warmbox.dev~1user-id',
        '/metadata/annotations/warmbox.dev~1claim-id',
        '/metadata/annotations/warmbox.dev~1allocated-at',
      ]),
    );
    // JSON Patch adds a key to an object that exists; a warm pod must have both.
    expect(Object.keys(pods.warm.metadata ?? {})).toEqual(expect.arrayContaining(['labels', 'annotations']));
  });
});
