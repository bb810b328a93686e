import { Logger } from '@nestjs/common';
import { ProblemError } from '@warmbox/platform';
import { aPod, FakeClock } from '@warmbox/testing';
import { RunReleases } from './run.releases.js';

const POD = aPod({ name: 'kata-sandbox-1', ready: true });
const COMMAND = { executionId: 'x1', origin: { requestId: 'r' } };
const GRACE_MS = 5_000;

describe('RunReleases', () => {
  let clock: FakeClock;
  let deleted: string[];
  /** What each deletion meets, in turn; then they succeed. */
  let refusals: Error[];
  let hangs: boolean;
  let state: string | Error;
  let attached: unknown;
  let running: unknown;
  let asked: string[];
  let releases: RunReleases;

  beforeAll(() => void Logger.overrideLogger(false));
  afterAll(() => void Logger.overrideLogger(['log', 'warn', 'error']));
  beforeEach(() => {
    clock = new FakeClock();
    deleted = [];
    refusals = [];
    hangs = false;
    state = 'running';
    attached = 0;
    running = 0;
    asked = [];
    releases = new RunReleases(
      {
        end: (_, cause) => {
          const refusal = refusals.shift();
          if (refusal !== undefined) return Promise.reject(refusal);
          if (hangs) return new Promise(() => undefined);
          deleted.push(cause);
          return Promise.resolve('ended');
        },
      },
      {
        ask: (_, { path }) => {
          asked.push(path);
          if (state instanceof Error) return Promise.reject(state);
          if (path === '/api/seal') {
            const isBusy = running !== 0 || attached !== 0;
            return isBusy ? Promise.reject(new ProblemError('conflict', 'not idle')) : Promise.resolve('');
          }
          return Promise.resolve(JSON.stringify(path === '/api/activity' ? { attached, running } : { state }));
        },
      },
      clock,
    );
  });

  it('deletes a sandbox at once', async () => {
    await releases.release(POD, 'completed');
    expect(deleted).toEqual(['completed']);
    expect(clock.waiting).toBe(0);
  });

  it('tries again where the Kubernetes API does not answer, for as long as it takes', async () => {
    refusals = Array.from({ length: 30 }, () => new ProblemError('kubernetes_unavailable', 'away'));
    const released = releases.release(POD, 'completed');
    await clock.advance(200_000);
    await released;
    expect(deleted).toEqual(['completed']);
  });

  it('keeps nobody waiting for more than five seconds', async () => {
    hangs = true;
    let isOver = false;
    void releases.release(POD, 'completed').then(() => (isOver = true));
    await clock.advance(4_999);
    expect(isOver).toBe(false);
    await clock.advance(1);
    expect(isOver).toBe(true);
  });

  it('deletes nothing within the grace, and asks nobody', async () => {
    state = 'completed';
    void releases.releaseUnused(POD, COMMAND, GRACE_MS);
    await clock.advance(GRACE_MS - 1);
    expect([deleted, asked]).toEqual([[], []]);
    await clock.advance(1);
    expect(deleted).toEqual(['completed']);
  });

  it('waits as long as the command runs, and as long as somebody reads it', async () => {
    void releases.releaseUnused(POD, COMMAND, GRACE_MS);
    await clock.advance(60_000);
    state = 'completed';
    attached = 1;
    await clock.advance(60_000);
    expect(deleted).toEqual([]);
    attached = 0;
    await clock.advance(5_000);
    expect(deleted).toEqual(['completed']);
    expect(clock.waiting).toBe(0);
  });

  it.each([
    ['is not known', new ProblemError('execution_not_found', 'no longer kept'), ['completed']],
    ['was in a sandbox that is gone', new ProblemError('sandbox_gone', 'gone'), []],
  ])('waits no more where the execution %s', async (_, error, expected) => {
    state = error;
    void releases.releaseUnused(POD, COMMAND, GRACE_MS);
    await clock.advance(GRACE_MS);
    expect(deleted).toEqual(expected);
    expect(clock.waiting).toBe(0);
  });

  it('waits for whatever runs where it is not known which execution that is, and for a sandbox that is not ready yet', async () => {
    state = new ProblemError('not_ready', 'not yet');
    void releases.releaseUnused(POD, { origin: COMMAND.origin }, GRACE_MS);
    await clock.advance(60_000);
    state = 'unknown';
    running = 1;
    await clock.advance(60_000);
    expect(deleted).toEqual([]);
    running = 0;
    await clock.advance(5_000);
    expect(deleted).toEqual(['completed']);
    // Asked otherwise, a retry could begin the command between the answer and the deletion.
    expect(new Set(asked)).toEqual(new Set(['/api/seal']));
  });

  it('asks again where the executor does not answer, or with what is no answer', async () => {
    state = new ProblemError('executor_timeout', 'silent');
    void releases.releaseUnused(POD, COMMAND, GRACE_MS);
    await clock.advance(GRACE_MS + 1_000);
    state = 'completed';
    attached = 'none';
    await clock.advance(20_000);
    expect(deleted).toEqual([]);
    attached = 0;
    await clock.advance(5_000);
    expect(deleted).toEqual(['completed']);
  });

  it('lets go of what it waits for when this process ends, and carries out what has begun', async () => {
    refusals = [new ProblemError('kubernetes_unavailable', 'away')];
    void releases.releaseUnused(POD, COMMAND, GRACE_MS);
    void releases.release(POD, 'completed');
    await clock.advance(0);
    const stopped = releases.stop(2_000);
    await clock.advance(1_000);
    await stopped;
    expect(deleted).toEqual(['completed']);
    expect(asked).toEqual([]);
  });

  it('gives deletions up that do not come to an end before this process does', async () => {
    refusals = Array.from({ length: 100 }, () => new ProblemError('kubernetes_unavailable', 'away'));
    void releases.release(POD, 'completed');
    const stopped = releases.stop(2_000);
    await clock.advance(3_000);
    await stopped;
    expect(deleted).toEqual([]);
  });
});
