import { jest } from '@jest/globals';
import { TestExecutor } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join();
const object = (count: number): string => `{${many(count, (index) => `"v${index}":""`)}}`;

describe('What is too much for the executor', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  it.each([
    ['POST', '/api/execute', `{"command":"true","x":1,${object(19_000).slice(1)}`, '/x'],
    ['POST', '/api/execute', object(300_000), ''],
    ['POST', '/api/execute', `{"argv":[${many(1_000_000, () => '"a"')}]}`, '/argv'],
    ['POST', '/api/execute', `{"command":"cat","stdin":"${'x'.repeat(2 ** 20 + 1)}"}`, '/stdin'],
    ['POST', '/api/execute', '{"command":"echo \\ud800"}', '/command'],
    ['PUT', '/api/environment', `{"environmentVariables":${object(19_000)}}`, '/environmentVariables'],
    ['PUT', '/api/environment', `{"environmentVariables":${object(600_000)}}`, '/environmentVariables'],
    ['PUT', '/api/environment', '['.repeat(2_000) + ']'.repeat(2_000), '/0'.repeat(16)],
    ['GET', `/api/executions/abc/events?${'a&'.repeat(10_000)}`, '', '?a'],
  ])('is refused at once, in few words: %s %.30s %.30s', async (method, path, raw, pointer) => {
    const before = process.threadCpuUsage();
    const answer = await executor.ask(path, {
      method,
      ...(raw === '' ? {} : { raw, headers: { 'content-type': 'application/json' } }),
    });
    const { user, system } = process.threadCpuUsage(before);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid_request' } });
    expect((answer.json.errors as { pointer: string }[])[0]?.pointer).toBe(pointer);
    expect(answer.text.length).toBeLessThan(64 * 1024);
    // Of its own time, the client's included: the machine may be busy. An event loop was blocked for less than that.
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });
});
