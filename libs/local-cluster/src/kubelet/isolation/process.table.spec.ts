import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { familyOf, readProcesses, readRow, rowOf, type ProcessRow } from './process.table.js';

/** What the kernel writes after the name: state, parent, group, session, …, when it began (the 22nd field). */
function statOf(name: string, { state = 'S', parent = '7', session = '42', begin = '123456' } = {}): string {
  return `9 (${name}) ${state} ${parent} 8 ${session} 0 -1 4194304 100 0 0 0 1 2 0 0 20 0 1 0 ${begin} 1000000 250 18446744073709551615\n`;
}

describe('rowOf', () => {
  it.each([
    'sh',
    'a) S 1 1 1',
    'x) R 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1 ',
    '\n1 (init) S 0 1 1',
    '((',
    '',
    '))) 0',
  ])('takes nothing from a name, as %j', (name) => {
    expect(rowOf(9, statOf(name))).toEqual({ pid: 9, parent: 7, session: 42, startedAt: '123456', isAlive: true });
  });

  it.each(['Z', 'X'])('knows one that has ended (%s)', (state) => {
    expect(rowOf(9, statOf('sh', { state }))?.isAlive).toBe(false);
  });

  it.each([
    ['nothing', ''],
    ['no bracket', '9 sh S 1 1 1'],
    ['a session that is no number', statOf('sh', { session: '-1' })],
    ['a parent that is no number', statOf('sh', { parent: '1.5' })],
    ['a beginning that is no number', statOf('sh', { begin: '$(id)' })],
    ['a text that was cut off', statOf('sh').slice(0, 30)],
  ])('refuses %s', (_, stat) => {
    expect(rowOf(9, stat)).toBeUndefined();
  });
});

describe('familyOf', () => {
  const row = (pid: number, parent: number, session: number): ProcessRow => {
    return { pid, parent, session, startedAt: String(pid), isAlive: true };
  };
  const pidsOf = (rows: ProcessRow[], sessions: number[], begun: number[] = []): number[] =>
    familyOf(rows, new Set(sessions), new Set(begun)).map(({ pid }) => pid);

  it('has who is in the session, also orphans', () => {
    expect(pidsOf([row(10, 5, 10), row(11, 1, 10), row(12, 1, 99)], [10])).toEqual([10, 11]);
  });

  it('has children in sessions of their own, theirs, and their orphans', () => {
    const rows = [row(14, 1, 12), row(13, 12, 13), row(12, 10, 12), row(10, 5, 10), row(20, 5, 20)];
    expect(pidsOf(rows, [10])).toEqual([14, 13, 12, 10]);
  });

  it('does not take the session of one that only is in it', () => {
    // 31 says that it belongs; the terminal from which it was started (30) does not.
    expect(pidsOf([row(30, 1, 30), row(31, 30, 30), row(32, 30, 30)], [], [31])).toEqual([31]);
  });

  it('never has what the machine itself runs on', () => {
    expect(pidsOf([row(0, 0, 0), row(1, 0, 1), row(2, 0, 0)], [1])).toEqual([]);
    expect(pidsOf([row(1, 0, 1), row(40, 1, 1)], [40])).toEqual([]);
  });
});

describe.each(['linux', 'darwin'] as const)('readProcesses as on %s', (platform) => {
  it('has a child of ours, and says when it has ended', async () => {
    const child = spawn('/bin/sleep', ['300'], { detached: true });
    const pid = child.pid ?? 0;
    const rows = await readProcesses(platform);
    expect(rows).toContainEqual(expect.objectContaining({ pid, parent: process.pid, session: pid, isAlive: true }));
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect((await readProcesses(platform)).some((row) => row.pid === pid)).toBe(false);
  });

  it('has neither this process nor the first one', async () => {
    const pids = (await readProcesses(platform)).map(({ pid }) => pid);
    expect(pids).not.toContain(process.pid);
    expect(pids).not.toContain(1);
    expect(pids.length).toBeGreaterThan(0);
  });
});

it('reads one row, and none where nothing is', async () => {
  const child = spawn('/bin/true');
  const { pid = 0 } = child;
  expect(readRow(pid)).toMatchObject({ pid, parent: process.pid });
  await once(child, 'exit');
  expect(readRow(pid)).toBeUndefined();
});
