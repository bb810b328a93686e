import { Logger } from '@nestjs/common';
import { FakeClock } from '@warmbox/testing';
import { Metrics } from '../config/metrics.js';
import { LeaderPasses } from './fixtures/leader.passes.js';
import { PassMetrics } from './pass.metrics.js';

Logger.overrideLogger(false);

describe('the metrics of passes', () => {
  it('tell of each when it was made last, how long that took and how often it failed, and of the leader’s while it leads', async () => {
    const clock = new FakeClock(Date.UTC(2026, 0, 1));
    const leader = new LeaderPasses(clock);
    const metrics = new Metrics();
    new PassMetrics(metrics, leader.passes).onModuleInit();
    leader.passes.everywhere({ name: 'looking', intervalMs: 60_000 }, () => clock.sleep(1_500));
    leader.passes.onLeader({ name: 'pruning', intervalMs: 1_000 }, () => Promise.reject(new Error('broken')));
    const told = async (): Promise<string[]> =>
      (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('warmbox_pass_'));

    expect(await told()).toEqual([
      'warmbox_pass_interval_seconds{pass="looking"} 60',
      'warmbox_pass_last_run_timestamp_seconds{pass="looking"} 0',
      'warmbox_pass_last_run_seconds{pass="looking"} Nan',
      'warmbox_pass_runs_total{pass="looking",outcome="succeeded"} 0',
      'warmbox_pass_runs_total{pass="looking",outcome="failed"} 0',
      'warmbox_pass_runs_total{pass="pruning",outcome="succeeded"} 0',
      'warmbox_pass_runs_total{pass="pruning",outcome="failed"} 0',
    ]);
    leader.passes.onApplicationBootstrap();
    leader.lead();
    await clock.advance(1_500);
    const endedAt = Date.UTC(2026, 0, 1) / 1000 + 1.5;
    const lines = await told();
    expect(lines).toEqual(
      expect.arrayContaining([
        `warmbox_pass_last_run_timestamp_seconds{pass="looking"} ${endedAt}`,
        'warmbox_pass_last_run_seconds{pass="looking"} 1.5',
        'warmbox_pass_interval_seconds{pass="pruning"} 1',
        'warmbox_pass_runs_total{pass="looking",outcome="succeeded"} 1',
        expect.stringMatching(/^warmbox_pass_runs_total\{pass="pruning",outcome="failed"\} [2-9]$/),
      ]),
    );
    await leader.end();
    expect((await told()).filter((line) => line.includes('pruning'))).toHaveLength(2);
    await leader.passes.onModuleDestroy();
  });
});
