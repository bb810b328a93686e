import { once } from 'node:events';
import { jest } from '@jest/globals';
import { waitFor, type AskedOfExecutor } from '@warmbox/testing';
import { EVENTS, EXECUTE, ExecutionScene, textOf } from './fixtures/execution.scene.js';
import { begin, ID, output, STARTED } from './fixtures/executor.stream.js';

// Real sockets, on a machine that may be busy.
jest.setTimeout(60_000);

let scene: ExecutionScene;
beforeEach(async () => (scene = await ExecutionScene.start()));
afterEach(() => scene.stop());

/** How many executions ended how. */
async function outcomes(): Promise<Record<string, number>> {
  const { values } = await scene.metrics.ended.get();
  const counted = values.filter(({ value }) => value > 0);
  return Object.fromEntries(counted.map(({ labels, value }) => [String(labels.outcome), value]));
}

async function countOf(metric: 'seconds' | 'firstByte'): Promise<number> {
  const { values } = await scene.metrics[metric].get();
  return values.filter(({ metricName }) => metricName?.endsWith('_count')).reduce((sum, { value }) => sum + value, 0);
}

const completed = (how: object): string =>
  `event: CompletedEvent\nid: 3e\ndata: ${JSON.stringify({ pid: 7, exitCode: 0, timedOut: false, durationMs: 1, bytes: 3, ...how })}\n\n`;

function refusing(status: number, code: string): (asked: AskedOfExecutor) => void {
  return ({ response }) =>
    void response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify({ status, code, detail: '' }));
}

describe('the metrics of executions', () => {
  it.each([
    ['completed', {}],
    ['completed', { exitCode: 7 }],
    ['timed_out', { exitCode: 124, timedOut: true }],
    ['cancelled', { exitCode: 143, signal: 'SIGTERM', cancelled: true }],
  ])('count one that is %s by what its stream says last, and time it', async (outcome, how) => {
    scene.executor.on('POST execute', (asked) => begin(asked).end(STARTED + output('1\n', 2) + completed(how)));
    await textOf((await scene.execute()).answer);
    expect(await outcomes()).toEqual({ [outcome]: 1 });
    expect([await countOf('seconds'), await countOf('firstByte')]).toEqual([1, 1]);
  });

  it.each([
    ['completed', 3, false],
    ['timed_out', 124, true],
  ])('count one that is %s by the head of its result', async (outcome, exitCode, timedOut) => {
    scene.executor.on('POST execute', (asked) => {
      const result = { executionId: ID, exitCode, timedOut, stdout: 'x'.repeat(200_000), stderr: '', truncated: false };
      begin(asked, 'application/json').end(`  ${JSON.stringify(result)}`);
    });
    await textOf((await scene.execute({ accept: 'application/json' })).answer);
    expect(await outcomes()).toEqual({ [outcome]: 1 });
    expect(await countOf('firstByte')).toBe(0);
  });

  it.each([
    ['failed_to_start', 422, 'cannot_start'],
    ['refused', 409, 'conflict'],
    ['lost', 500, 'internal'],
  ])('count one that is %s where the executor answers %d', async (outcome, status, code) => {
    scene.executor.on('POST execute', refusing(status, code));
    await textOf((await scene.execute()).answer);
    expect(await outcomes()).toEqual({ [outcome]: 1 });
  });

  it('count one that is detached', async () => {
    scene.executor.on('POST execute', ({ response }) => {
      response.writeHead(202, { 'content-type': 'application/json', 'x-execution-id': ID }).end('{}');
    });
    const headers = { accept: 'application/json' };
    await textOf((await scene.ask(EXECUTE, { headers, body: { command: 'x', detached: true } })).answer);
    expect(await outcomes()).toEqual({ detached: 1 });
  });

  it('count one whose stream breaks off as lost', async () => {
    const stream = scene.nextStream();
    const { answer } = await scene.execute();
    (await stream).response.socket?.resetAndDestroy();
    await textOf(answer);
    expect(await outcomes()).toEqual({ lost: 1 });
    expect(await countOf('seconds')).toBe(0);
  });

  it('count one whose client leaves', async () => {
    const stream = scene.nextStream();
    const { request, answer } = await scene.execute();
    const { response } = await stream;
    response.write(': keep-alive\n\n');
    await once(answer, 'data');
    request.destroy();
    await waitFor('it is counted', outcomes, { left: 1 });
    await waitFor('the notice', () => scene.lefts(), { length: 1 });
    // A sign of life is no event.
    expect(await countOf('firstByte')).toBe(0);
  });

  it('count no reader of an execution that runs', async () => {
    scene.executor.on('GET events', (asked) => begin(asked).end(STARTED + completed({})));
    await textOf((await scene.ask(EVENTS, { method: 'GET' })).answer);
    expect(await outcomes()).toEqual({});
  });
});
