import { SchedulerRegistry } from '@nestjs/schedule';
import { Periodic } from '@warmbox/platform';
import { FakeClock } from '@warmbox/testing';
import type { LeaderTask } from './leader.task.js';
import { LeadershipSchedule } from './leadership.schedule.js';

it('lists and runs the passes of the leader’s tasks from the start to the stop', async () => {
  const clock = new FakeClock();
  let runs = 0;
  const passes = new Periodic(
    () => void (runs += 1),
    1_000,
    clock,
    () => undefined,
  );
  const tasks: LeaderTask[] = [
    { name: 'one', passes, lead: () => Promise.resolve() },
    { name: 'two', lead: () => Promise.resolve() },
  ];
  const registry = new SchedulerRegistry();
  const schedule = new LeadershipSchedule(registry, { registered: tasks });
  schedule.onApplicationBootstrap();
  await clock.advance(2_500);
  expect([registry.getIntervals(), runs]).toEqual([['one'], 3]);
  await schedule.onModuleDestroy();
  await clock.advance(10_000);
  expect([registry.getIntervals(), runs, clock.waiting]).toEqual([[], 3, 0]);
});
