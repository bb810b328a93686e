import { FakeClock } from '@warmbox/testing';
import { ActivityMeter } from '../activity/activity.meter.js';
import { ExecutorOptions } from '../config/executor.options.js';
import { SessionEnvironment } from '../environment/session.environment.js';
import type { Child } from '../process/child.js';
import { MarkedProcesses } from '../process/marked.processes.js';
import { ExecutionRegistry } from './execution.registry.js';

/** More than the system gives to anybody. */
const NOBODY = 2 ** 30;

describe('ExecutionRegistry', () => {
  it('does not stop before a command that is being started has been ended, within its time', async () => {
    const clock = new FakeClock();
    const options = Object.assign(new ExecutorOptions(), { token: 't' });
    const child = Promise.withResolvers<Child>();
    const registry = new ExecutionRegistry(
      options,
      clock,
      () => child.promise,
      new SessionEnvironment(options, {}),
      new ActivityMeter(clock),
      new MarkedProcesses('/no/processes/here'),
      (id, signal) => void process.kill(id, signal),
    );
    const started = registry.start({ command: 'true' }).catch((error: unknown) => error);
    let hasStopped = false;
    const stopped = registry.stop().then(() => (hasStopped = true));
    await clock.advance(500);
    expect(hasStopped).toBe(false);
    child.resolve({
      pid: NOBODY,
      exited: new Promise(() => undefined),
      closed: new Promise(() => undefined),
      pause: () => undefined,
      resume: () => undefined,
    });
    expect(await started).toMatchObject({ code: 'shutting_down' });
    await clock.advance(100);
    await stopped;
  });
});
