import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { Metrics } from '../config/metrics.js';
import { CIRCUITS_ANNOTATION, encodeCircuits } from './pool.circuit.js';
import { PoolMetrics } from './pool.metrics.js';

const OPTIONS = { warmPoolSizes: { kata: 4, gvisor: 2 }, maxTotalContainers: 50 };
const CIRCUIT = { template: 't', failures: 1, reason: 'no', retryAt: Date.UTC(2026, 0, 1) };

async function told(pods: Pod[]): Promise<string[]> {
  const metrics = new Metrics();
  const annotations = { [CIRCUITS_ANNOTATION]: encodeCircuits(new Map([['gvisor', CIRCUIT]])) };
  const leadership = { lease: { metadata: { annotations } } };
  new PoolMetrics(metrics, { list: () => pods }, leadership, OPTIONS).onModuleInit();
  // The second scrape shows what the first one leaves behind.
  await metrics.registry.metrics();
  return (await metrics.registry.metrics()).split('\n');
}

describe('the metrics of the pools', () => {
  it('count every pod of every runtime once, by its status', async () => {
    const lines = await told([
      aPod({ name: 'a', pool: 'warm', ready: true }),
      aPod({ name: 'b', pool: 'warm', ready: true }),
      aPod({ name: 'c', pool: 'warm' }),
      aPod({ name: 'd', pool: 'manual', ready: true, runtime: 'gvisor' }),
      aPod({ name: 'e', pool: 'allocated', ready: true, deletedAt: '2026-01-01T00:00:00Z' }),
    ]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'warmbox_pool_sandboxes{runtime="kata",status="warm"} 2',
        'warmbox_pool_sandboxes{runtime="kata",status="creating"} 1',
        'warmbox_pool_sandboxes{runtime="kata",status="terminating"} 1',
        'warmbox_pool_sandboxes{runtime="kata",status="allocated"} 0',
        'warmbox_pool_sandboxes{runtime="gvisor",status="manual"} 1',
        'warmbox_pool_sandboxes{runtime="gvisor",status="warm"} 0',
      ]),
    );
  });

  it('tell what there should be, and which pool is not filled', async () => {
    expect(await told([])).toEqual(
      expect.arrayContaining([
        'warmbox_pool_target{runtime="kata"} 4',
        'warmbox_pool_target{runtime="gvisor"} 2',
        'warmbox_pool_backing_off{runtime="kata"} 0',
        'warmbox_pool_backing_off{runtime="gvisor"} 1',
        'warmbox_limit 50',
      ]),
    );
  });
});
