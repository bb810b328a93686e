import { jest } from '@jest/globals';
import { waitFor } from '@warmbox/testing';
import { idOf, TestExecutor } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

interface Page extends Record<string, unknown> {
  state: string;
  stdout: string;
  stderr: string;
  from: number;
  next: number;
  end: number;
  gap: number;
  exitCode?: number;
}

describe('Output in pages', () => {
  let executor: TestExecutor;
  beforeEach(async () => {
    executor = await TestExecutor.start({
      relayLossGraceSeconds: 3,
      disconnectGraceSeconds: 0,
      killGraceSeconds: 0.5,
      outputRingMi: 1,
    });
  });
  afterEach(() => executor.stop());

  const pageOf = async (id: string, query = ''): Promise<Page> => {
    const { status, json, headers } = await executor.ask(`/api/executions/${id}/output${query}`);
    expect([status, headers['x-execution-id']]).toEqual([200, id]);
    return json as Page;
  };

  /** Starts a command, and leaves it at once, as a client that will ask for pages. */
  async function start(body: object): Promise<string> {
    const answer = await executor.execute(body);
    answer.destroy();
    return idOf(answer);
  }

  it('comes as it is printed to who asks again and again, and keeps its command alive', async () => {
    const id = await start({ command: 'for i in 1 2 3 4 5; do echo $i; sleep 1; done; echo err >&2; exit 4' });
    const pages: Page[] = [];
    do pages.push(await pageOf(id, `?waitSeconds=30&after=${pages.at(-1)?.next ?? 0}`));
    while (pages.at(-1)!.state === 'running' || pages.at(-1)!.next < pages.at(-1)!.end);
    expect(pages.map(({ stdout }) => stdout).join('')).toBe('1\n2\n3\n4\n5\n');
    expect(pages.map(({ stderr }) => stderr).join('')).toBe('err\n');
    // One for each line at least: each came as soon as it was there.
    expect(pages.length).toBeGreaterThan(5);
    expect(pages.at(-1)).toMatchObject({ state: 'completed', exitCode: 4 });
  });

  it('makes its command wait where that prints more than is kept, so that nothing is lost', async () => {
    const id = await start({ command: 'until [ -e go ]; do sleep 0.02; done; seq 400000' });
    // What is on its way to a client that leaves is lost to it.
    await pageOf(id);
    await executor.run({ command: 'touch go' });
    let text = '';
    let gaps = 0;
    for (let page = await pageOf(id); ; page = await pageOf(id, `?limit=200000&waitSeconds=10&after=${page.next}`)) {
      text += page.stdout;
      gaps += page.gap;
      if (page.state === 'completed' && page.next === page.end) break;
    }
    const lines = text.split('\n');
    expect([gaps, lines.length, lines.at(-2)]).toEqual([0, 400_001, '400000']);
  });

  it('that nobody asks for any more ends its command', async () => {
    const id = await start({ command: 'sleep 300' });
    expect(await pageOf(id)).toMatchObject({ state: 'running', stdout: '' });
    await waitFor('it is ended', () => executor.execution(id), { state: 'completed' });
  });

  it('is not waited for by a detached command, which tells what is gone', async () => {
    const id = await start({ command: 'seq 400000', detached: true });
    await waitFor('it has ended', () => executor.execution(id), { state: 'completed' });
    const page = await pageOf(id, '?after=10');
    expect(page.gap).toBeGreaterThan(1_000_000);
    expect(page.from).toBe(page.gap + 10);
  });

  it('is refused beyond what there is', async () => {
    const { executionId } = await executor.run({ command: 'echo hi' });
    const answer = await executor.ask(`/api/executions/${String(executionId)}/output?after=4`);
    expect(answer).toMatchObject({ status: 400, json: { errors: [{ pointer: '?after' }] } });
    expect(await pageOf(String(executionId), '?after=3')).toMatchObject({ stdout: '', next: 3, end: 3 });
  });

  it('that is waited for is activity, and ends with the sandbox', async () => {
    const id = await start({ command: 'trap "" TERM; sleep 300', timeoutSeconds: 60 });
    const waiting = executor.ask(`/api/executions/${id}/output?waitSeconds=60`);
    const activity = async (): Promise<Record<string, unknown>> => (await executor.ask('/api/activity')).json;
    await waitFor('somebody waits', activity, { attached: 1 });
    const stopped = executor.stop();
    expect(await waiting).toMatchObject({ status: 503, json: { code: 'shutting_down' } });
    await stopped;
    executor = await TestExecutor.start();
  });
});
