import { FakeClock } from '@warmbox/testing';
import { PagePool } from '../output/page.pool.js';
import type { Child, ChildCommand, ChildOutput } from '../process/child.js';
import type { Exit } from '../process/exit.code.js';
import { Execution } from './execution.js';
import type { EndCause, ExecutionRequest } from './execution.means.js';
import type { Reader } from './reader.js';

const RING_BYTES = 1_048_576;
const GRACE_MS = 60_000;
const COMMAND: ChildCommand = { file: '/bin/x', args: [], cwd: '/', environment: { A: '1', MARK: "the caller's" } };

/** A reader that takes nothing of what is written for it. */
const STALLED: Reader = {
  startedAt: 0,
  position: 0,
  blockedSince: undefined,
  advance: () => undefined,
  expire: () => undefined,
  fail: () => undefined,
};

describe('An execution', () => {
  let clock: FakeClock;
  let command: ChildCommand;
  let output: ChildOutput;
  let exit: (exit: Exit) => void;
  let closePipes: () => void;
  let isPaused: boolean;
  let sent: string[];
  let visited: (string | undefined)[];

  beforeEach(() => {
    clock = new FakeClock();
    isPaused = false;
    sent = [];
    visited = [];
  });

  function start(request: Partial<ExecutionRequest> = {}): Promise<Execution> {
    const exited = new Promise<Exit>((resolve) => (exit = resolve));
    const child: Child = {
      pid: 7,
      exited,
      closed: new Promise<void>((resolve) => (closePipes = resolve)),
      pause: () => (isPaused = true),
      resume: () => (isPaused = false),
    };
    return Execution.start(
      {
        id: 'one',
        command: COMMAND,
        title: 'x',
        timeoutMs: 300_000,
        grace: { disconnectedMs: GRACE_MS, lostMs: GRACE_MS },
        ...request,
      },
      {
        startChild: (childCommand, to) => {
          command = childCommand;
          output = to;
          return Promise.resolve(child);
        },
        processes: {
          markOf: (id) => ({ MARK: id }),
          each: (id, visit) => {
            visited.push(id);
            if (sent.length < 3) visit({ pid: 20, group: 20 });
            return Promise.resolve();
          },
        },
        kill: (id, signal) => {
          if (signal !== 0) sent.push(`${id} ${signal}`);
        },
        clock,
        pages: new PagePool(),
        ringBytes: RING_BYTES,
        killGraceMs: 2_000,
        onCompleted: () => undefined,
        onUnread: () => undefined,
      },
    );
  }

  /** Fills the ring, so that a command that is read by somebody has to wait for that reader. */
  function fill(): void {
    while (!isPaused) {
      const { length } = output.stdout.buffer();
      output.stdout.received(length);
    }
  }

  it("gives its command a mark of its own, whatever the caller's variables are", async () => {
    await start();
    expect(command).toEqual({ ...COMMAND, environment: { A: '1', MARK: 'one' } });
  });

  it.each<EndCause>(['timeout', 'cancel', 'abandoned'])(
    'that is ended on purpose (%s) does not wait for a reader who may come back',
    async (cause) => {
      const execution = await start();
      execution.attach(STALLED, false);
      execution.detach(STALLED);
      fill();
      execution.end(cause);
      exit({ code: null, signal: 'SIGTERM' });
      await clock.advance(1_000);
      expect(execution.result).toMatchObject({ signal: 'SIGTERM', timedOut: cause === 'timeout' });
    },
  );

  it('that ends by itself waits for a reader who may come back, as long as its grace is', async () => {
    const execution = await start();
    execution.attach(STALLED, false);
    execution.detach(STALLED);
    fill();
    exit({ code: 0, signal: null });
    await clock.advance(GRACE_MS - 1);
    expect(execution.result).toBeUndefined();
    await clock.advance(1_000);
    expect(execution.result).toMatchObject({ exitCode: 0 });
  });

  it('waits for its output no longer than until its pipes are closed, and not at all where they were before', async () => {
    const execution = await start();
    closePipes();
    await clock.advance(0);
    expect(execution.result).toBeUndefined();
    exit({ code: 0, signal: null });
    await clock.advance(0);
    expect(execution.result).toMatchObject({ exitCode: 0 });
  });

  it('leaves no timer behind, and does not hear what is still written in the background', async () => {
    const execution = await start();
    execution.attach(STALLED, false);
    exit({ code: 0, signal: null });
    await clock.advance(1_000);
    expect([execution.result?.bytes, clock.waiting]).toEqual([0, 0]);
    output.stdout.buffer();
    output.stdout.received(100);
    await clock.advance(1_000);
    expect([execution.log.end, clock.waiting]).toEqual([0, 0]);
  });

  it('has the cause that was the first one', async () => {
    const execution = await start({ timeoutMs: 1_000 });
    execution.end('cancel');
    await clock.advance(1_500);
    exit({ code: null, signal: 'SIGTERM' });
    await clock.advance(1_000);
    expect(execution.result).toMatchObject({ cancelled: true, timedOut: false });
  });

  it('goes on for a creator who comes back in time', async () => {
    const execution = await start();
    execution.attach(STALLED, false);
    execution.detach(STALLED);
    await clock.advance(GRACE_MS - 1);
    execution.attach(STALLED, true);
    await clock.advance(GRACE_MS);
    expect(sent).toEqual([]);
    execution.detach(STALLED);
    await clock.advance(GRACE_MS);
    expect(sent[0]).toBe('-7 SIGTERM');
  });

  it('goes on for those who look on where its creator does not come back, and waits for nobody then', async () => {
    const execution = await start();
    const creator = { ...STALLED };
    execution.attach(creator, false);
    execution.attach(STALLED, false);
    execution.detach(creator);
    fill();
    await clock.advance(GRACE_MS - 1);
    expect(isPaused).toBe(true);
    await clock.advance(1);
    expect([isPaused, sent]).toEqual([false, []]);
  });

  it('ends its group, and what has left that', async () => {
    const execution = await start({ timeoutMs: 1_000 });
    await clock.advance(1_000);
    expect(sent).toEqual(['-7 SIGTERM', '-7 SIGCONT', '20 SIGTERM', '20 SIGCONT']);
    exit({ code: null, signal: 'SIGTERM' });
    await clock.advance(5_000);
    expect(execution.result).toMatchObject({ timedOut: true });
    expect(new Set(visited)).toEqual(new Set(['one']));
  });

  it('leaves what runs in the background alone when its command is over', async () => {
    await start();
    exit({ code: 0, signal: null });
    await clock.advance(400_000);
    expect([sent, visited]).toEqual([[], []]);
  });

  it('leaves what has left its group to the end of the sandbox, which looks for all of it at once', async () => {
    const execution = await start();
    execution.end('shutdown');
    await clock.advance(0);
    expect([sent, visited]).toEqual([['-7 SIGTERM', '-7 SIGCONT'], []]);
  });
});
