import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MarkedProcesses, type Marked } from './marked.processes.js';

describe('The processes that commands have started', () => {
  let folder: string;
  let processes: MarkedProcesses;
  let mark: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'executor-proc-spec-'));
    processes = new MarkedProcesses(folder);
    mark = markOf(processes, 'one');
  });
  afterEach(() => rm(folder, { recursive: true }));

  function markOf(of: MarkedProcesses, executionId: string): string {
    return Object.entries(of.markOf(executionId))
      .map((pair) => pair.join('='))
      .join();
  }

  async function eachOf(executionId?: string): Promise<Marked[]> {
    const found: Marked[] = [];
    await processes.each(executionId, (process) => found.push(process));
    return found.sort((a, b) => a.pid - b.pid);
  }

  async function show(pid: number | string, environment: string[], group = 1): Promise<void> {
    await mkdir(join(folder, String(pid)));
    await writeFile(join(folder, String(pid), 'environ'), environment.map((variable) => `${variable}\0`).join(''));
    await writeFile(join(folder, String(pid), 'stat'), `${pid} (a) b (c)) S 1 ${group} ${group} 0 -1 4194560 0`);
  }

  it('are those that carry the mark, wherever it is in their environment', async () => {
    await show(10, [mark, 'A=1']);
    await show(11, ['A=1', `LONG=${'x'.repeat(100_000)}`, mark]);
    await show(12, ['A=1']);
    // What has ended and was not reaped shows nothing.
    await show(13, []);
    await show('self', [mark]);
    await mkdir(join(folder, '14'));
    expect(processes.outside(new Set()).sort()).toEqual([10, 11]);
    expect([10, 11, 12, 13, 14, 15].filter((pid) => processes.isAlive(pid))).toEqual([10, 11]);
  });

  it('are told by their groups, whatever their names are', async () => {
    await show(10, [mark], 10);
    await show(11, [mark], 20);
    expect(processes.outside(new Set([20]))).toEqual([10]);
  });

  it("are not another executor's", async () => {
    await show(10, [markOf(new MarkedProcesses(folder), 'one')]);
    expect(processes.outside(new Set())).toEqual([]);
  });

  it('are told apart by execution, and visited with their groups, all of them', async () => {
    await show(10, [mark], 10);
    await show(11, ['A=1', markOf(processes, 'one-more')], 11);
    await show(12, [markOf(processes, 'other'), mark.replace('COMMANDS', 'OTHERS')], 12);
    for (let pid = 100; pid < 250; pid += 1) await show(pid, [mark], 10);
    const all = await eachOf('one');
    expect(all).toHaveLength(151);
    expect(all[0]).toEqual({ pid: 10, group: 10 });
    expect(await eachOf('one-more')).toEqual([{ pid: 11, group: 11 }]);
    expect(await eachOf('on')).toEqual([]);
    expect(await eachOf()).toHaveLength(153);
  });

  it('are looked through without keeping others waiting', async () => {
    for (let pid = 1; pid <= 2_000; pid += 1) await show(pid, ['A=1']);
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    await processes.each('one', () => undefined);
    isOver = true;
    expect(turns).toBeGreaterThan(1);
  });

  it('are not taken for those of a shorter environment that was read before', async () => {
    await show(10, ['A=1', mark]);
    await show(11, ['A=1']);
    expect(processes.isAlive(10)).toBe(true);
    expect(processes.isAlive(11)).toBe(false);
  });

  it('are looked for no further than 100', async () => {
    for (let pid = 1; pid <= 120; pid += 1) await show(pid, [mark]);
    expect(processes.outside(new Set())).toHaveLength(100);
  });

  it('are unknown where the system does not show any', async () => {
    const blind = new MarkedProcesses(join(folder, 'none'));
    expect(blind.outside(new Set())).toEqual([]);
    expect(blind.isAlive(1)).toBe(false);
    await blind.each(undefined, () => {
      throw new Error('there is none');
    });
  });
});
