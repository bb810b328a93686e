import { jest } from '@jest/globals';
import { ENVIRONMENT_MAX_BYTES } from '@warmbox/contracts';
import { allEvents, outputOf, TestExecutor, type Ask } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

describe("The session's variables", () => {
  let executor: TestExecutor;
  beforeEach(async () => {
    executor = await TestExecutor.start({ environment: { FIRST: 'of the pod' } });
  });
  afterEach(() => executor.stop());

  const put = (ask: Ask): ReturnType<TestExecutor['ask']> =>
    executor.ask('/api/environment', { method: 'PUT', ...ask });
  const shown = async (): Promise<unknown> =>
    (await executor.run({ command: 'echo "[$FIRST][$SECOND]"; echo $HOME' })).stdout;

  it('reach every later execution, in place of those before', async () => {
    expect(await shown()).toBe(`[of the pod][]\n${executor.workspace}\n`);
    expect((await put({ body: { environmentVariables: { SECOND: '$(HOME) "two"' } } })).status).toBe(204);
    expect(await shown()).toBe(`[][$(HOME) "two"]\n${executor.workspace}\n`);
    expect(await shown()).toBe(`[][$(HOME) "two"]\n${executor.workspace}\n`);
    await put({ body: { environmentVariables: {} } });
    expect(await shown()).toBe(`[][]\n${executor.workspace}\n`);
  });

  it('are waited for where they come later: until then nothing runs, and the executor is not healthy', async () => {
    const waiting = await TestExecutor.start({ environmentAwaited: true });
    try {
      const health = (): Promise<number> => waiting.ask('/healthz').then(({ status }) => status);
      expect(await health()).toBe(409);
      const refused = await waiting.ask('/api/execute', { method: 'POST', body: { command: 'true' } });
      expect([refused.status, refused.json.code]).toEqual([409, 'not_ready']);
      const request = { method: 'PUT', body: { environmentVariables: { FIRST: 'later' } } };
      expect((await waiting.ask('/api/environment', request)).status).toBe(204);
      expect(await health()).toBe(200);
      expect((await waiting.run({ command: 'echo $FIRST' })).stdout).toBe('later\n');
    } finally {
      await waiting.stop();
    }
  });

  it('lose against those of the request itself', async () => {
    await put({ body: { environmentVariables: { SECOND: 'session' } } });
    const { stdout } = await executor.run({ command: 'echo $SECOND', environmentVariables: { SECOND: 'request' } });
    expect(stdout).toBe('request\n');
  });

  it('do not change for a command that runs already', async () => {
    const running = await executor.execute({ command: 'read -t 5 < <(sleep 0.3); bash -c "echo [$SECOND]"' });
    await put({ body: { environmentVariables: { SECOND: 'late' } } });
    expect(outputOf(await allEvents(running))).toBe('[]\n');
  });

  it.each<[string, Ask, number, string]>([
    ['no variables', { body: {} }, 400, 'invalid_request'],
    ['a name that no variable can have', { body: { environmentVariables: { 'A=B': '' } } }, 400, 'invalid_request'],
    ['a value that is no string', { body: { environmentVariables: { A: 1 } } }, 400, 'invalid_request'],
    ['too many', { body: { environmentVariables: { A: 'x'.repeat(ENVIRONMENT_MAX_BYTES) } } }, 400, 'invalid_request'],
    ['no token', { body: { environmentVariables: {} }, headers: { authorization: '' } }, 401, 'unauthenticated'],
  ])('stay as they are where the request has %s', async (_, ask, status, code) => {
    const answer = await put(ask);
    expect(answer.status).toBe(status);
    expect(answer.json.code).toBe(code);
    expect(await shown()).toContain('[of the pod][]');
  });
});
