import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import { Child } from '@warmbox/testing/harness';
import { DIST } from './suite.js';

describe('an executor that is told to stop', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'warmbox-executor-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  // With 0 its container would have "completed", and Kubernetes would not say any more that its pod was evicted.
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends by %s with %i', async (signal, code) => {
    const executor = Child.node(join(DIST, 'executor', 'main.js'), {
      EXECUTOR_AUTH: 'none',
      EXECUTOR_WORKSPACE: folder,
      EXECUTOR_SOCKET: join(folder, 'socket'),
    });
    await waitFor('it listens', () => executor.output, /listening on/);
    expect(await executor.end(signal)).toEqual({ code, signal: null });
  });
});
