import { FakeClock } from '@warmbox/testing';
import { PagePool } from '../output/page.pool.js';
import type { Child, ChildCommand, ChildOutput } from '../process/child.js';
import type { Exit } from '../process/exit.code.js';
import { Execution, type EndCause, type ExecutionRequest } from './execution.js';
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
      closed: new Promise(() => undefined),
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
        startChild: (asked, to) => {
          command = asked;
          output = to;
          return Promise.resolve(child);
        },
        processes: {
          markOf: (id) => ({ MARK: id }),
          each: (id, visit) => {
            visited.push(id);
            if (sent.length < 2) visit({ pid: 20, group: 20 });
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

  it('ends its group, and what has left that', async () => {
    const execution = await start({ timeoutMs: 1_000 });
    await clock.advance(1_000);
    expect(sent).toEqual(['-7 SIGTERM', '20 SIGTERM']);
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
    expect([sent, visited]).toEqual([['-7 SIGTERM'], []]);
  });
});
