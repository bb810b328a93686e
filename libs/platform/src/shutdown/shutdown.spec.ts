import { ProblemError } from '../problem/problem.error.js';
import type { Clock } from '../time/clock.js';
import { Shutdown, type ShutdownPhase } from './shutdown.js';

/** A clock whose sleeps end when the test says so, each known by its length. */
class SleepingClock implements Clock {
  private readonly sleepers = new Map<number, () => void>();

  now(): number {
    return 0;
  }

  monotonic(): number {
    return 0;
  }

  after(): never {
    throw new Error('not asked for');
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.sleepers.set(ms, resolve);
      const abort = (): void => reject(signal?.reason as Error);
      if (signal?.aborted) abort();
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  /** Ends the sleep of this length, and lets what waited for it run. */
  async wake(ms: number): Promise<void> {
    const wake = this.sleepers.get(ms);
    if (wake === undefined) throw new Error(`nobody sleeps for ${ms} ms`);
    wake();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

const DRAIN_MS = 5_000;
const GRACE_MS = 10_000;
const LAST_WORDS_MS = 2_000;

let clock: SleepingClock;
let shutdown: Shutdown;
let phases: ShutdownPhase[];
let done: boolean;

beforeEach(() => {
  clock = new SleepingClock();
  shutdown = new Shutdown({ drainDelaySeconds: 5, shutdownGraceSeconds: 10 }, clock);
  phases = [];
  done = false;
});

async function begin(): Promise<void> {
  void shutdown.run((phase) => phases.push(phase)).then(() => (done = true));
  await settled();
}

describe('a shutdown', () => {
  it('serves until it is asked to stop', () => {
    expect(shutdown.phase).toBe('serving');
    expect(shutdown.signal.aborted).toBe(false);
  });

  it('drains for the whole delay even where nothing runs, since new work may still come', async () => {
    await begin();
    expect(shutdown.phase).toBe('draining');
    expect(done).toBe(false);
    await clock.wake(DRAIN_MS);
    expect(phases).toEqual(['draining', 'refusing']);
    expect(done).toBe(true);
  });

  it('lets what runs go on for its grace, and only then ends the streams', async () => {
    shutdown.entered();
    await begin();
    await clock.wake(DRAIN_MS);
    expect(shutdown.phase).toBe('refusing');
    expect(shutdown.signal.aborted).toBe(false);
    await clock.wake(GRACE_MS);
    expect(shutdown.signal.aborted).toBe(true);
    expect(shutdown.signal.reason).toBeInstanceOf(ProblemError);
    expect(shutdown.signal.reason).toMatchObject({ code: 'shutting_down' });
  });

  it('waits for the last words of streams, and no longer than they take', async () => {
    const leave = shutdown.entered();
    await begin();
    await clock.wake(DRAIN_MS);
    await clock.wake(GRACE_MS);
    expect(done).toBe(false);
    leave();
    await settled();
    expect(done).toBe(true);
  });

  it('does not wait for ever for a stream that says nothing', async () => {
    shutdown.entered();
    await begin();
    await clock.wake(DRAIN_MS);
    await clock.wake(GRACE_MS);
    await clock.wake(LAST_WORDS_MS);
    expect(done).toBe(true);
  });

  it('ends as soon as the last of several requests has left, each counted once', async () => {
    const [one, other] = [shutdown.entered(), shutdown.entered()];
    await begin();
    await clock.wake(DRAIN_MS);
    one();
    one();
    await settled();
    expect(done).toBe(false);
    other();
    await settled();
    expect(done).toBe(true);
  });

  it('waits for nothing once it is hurried, in whatever phase', async () => {
    const leave = shutdown.entered();
    await begin();
    shutdown.hurry();
    await settled();
    expect(phases).toEqual(['draining', 'refusing']);
    expect(shutdown.signal.aborted).toBe(true);
    expect(done).toBe(false);
    leave();
    await settled();
    expect(done).toBe(true);
  });

  it('runs once: who asks again is told nothing new', async () => {
    await begin();
    await shutdown.run((phase) => phases.push(phase));
    expect(phases).toEqual(['draining']);
  });
});
