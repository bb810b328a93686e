import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { globSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { atMost, isEmpty, waitFor } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

// Hundreds of real processes on a machine that may be busy.
jest.setTimeout(120_000);

/** With the system's own calls, where there are any, and without. */
const WAYS: [way: string, nativeCalls: boolean][] = [
  ['as the system can', true],
  ['by Node', false],
];

describe.each(WAYS)('Commands started %s', (_, nativeCalls) => {
  let executor: TestExecutor;
  let mark: string;
  beforeEach(async () => {
    executor = await TestExecutor.start({ nativeCalls, relayLossGraceSeconds: 1 });
    mark = `SPEC=${randomUUID()}`;
  });
  afterEach(() => executor.stop());

  const marked = (): { environmentVariables: Record<string, string> } => ({
    environmentVariables: { SPEC: mark.slice('SPEC='.length) },
  });

  /** The processes of this spec that live. */
  const alive = (): string[] =>
    readdirSync('/proc').filter((name) => {
      try {
        return /^\d+$/.test(name) && readFileSync(`/proc/${name}/environ`, 'latin1').includes(mark);
      } catch {
        return false;
      }
    });

  it('are hundreds at once: each has its result, and nothing of them is left', async () => {
    const ends = [
      { command: 'exit 0', exitCode: 0 },
      { command: 'exit 201', exitCode: 201 },
      { command: 'kill -TERM $$', exitCode: 143 },
      { command: 'kill -KILL $$', exitCode: 137 },
      { argv: ['sh', '-c', 'exit 4'], exitCode: 4 },
    ];
    const run = async (index: number): Promise<void> => {
      const { exitCode, ...what } = ends[index % ends.length]!;
      expect(await executor.run({ ...what, ...marked(), stdin: index % 2 === 0 ? 'text' : undefined })).toMatchObject({
        exitCode,
      });
    };
    await run(0);
    const before = descriptors();
    // Other specs in this process may have left some.
    const left = zombies();
    await Promise.all(Array.from({ length: 300 }, (__, index) => run(index)));
    if (process.platform !== 'linux') return;
    expect(alive()).toEqual([]);
    expect(zombies().filter((pid) => !left.includes(pid))).toEqual([]);
    // Some pipes are kept for the next commands where they are not made in no time.
    await waitFor('descriptors to be closed', () => descriptors(), atMost(before + (nativeCalls ? 0 : 160)));
  });

  it('are refused with a problem where there is no such program, whatever else is being started', async () => {
    const starts = Array.from({ length: 40 }, (__, index) =>
      executor.ask('/api/execute', {
        method: 'POST',
        body: index % 2 === 0 ? { argv: ['no-such-program'] } : { command: 'exit 1' },
        headers: { accept: 'application/json' },
      }),
    );
    const codes = (await Promise.all(starts)).map(({ json }) => json.code ?? json.exitCode);
    expect(codes).toEqual(Array.from({ length: 40 }, (__, index) => (index % 2 === 0 ? 'cannot_start' : 1)));
  });

  it('end with the sandbox also while they are being started', async () => {
    const starts = Array.from({ length: 150 }, () =>
      executor
        .ask('/api/execute', { method: 'POST', body: { command: 'sleep 300', ...marked() } })
        // Some connections are closed before they are answered.
        .catch((error: unknown) => error),
    );
    await waitFor(
      'the first to run',
      async () => (await executor.executions()).length,
      (count) => count > 0,
    );
    await executor.stop();
    expect(alive()).toEqual([]);
    await Promise.all(starts);
    await waitFor('nobody to be left', alive, isEmpty);
  });

  it('end with their clients also while they are being started', async () => {
    const body = { command: 'sleep 300', disconnectGraceSeconds: 0, ...marked() };
    const starts = Array.from({ length: 60 }, () => executor.execute(body).catch((error: unknown) => error));
    await waitFor(
      'the first to run',
      async () => (await executor.executions()).length,
      (count) => count > 0,
    );
    executor.dropConnections();
    await Promise.all(starts);
    executor.dropConnections();
    await waitFor('nobody to be left', alive, isEmpty);
  });
});

/** Children that have ended and were not waited for; each thread has its own. */
function zombies(): string[] {
  return globSync('/proc/self/task/*/children')
    .flatMap((path) => readFileSync(path, 'latin1').trim().split(' '))
    .filter((pid) => pid !== '');
}

/** How many descriptors this process has open of those that children are given. */
function descriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /^pipe:|memfd:|executor-/.test(readlinkSync(`/proc/self/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}
