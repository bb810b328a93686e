import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { ProblemError } from '@warmbox/platform';
import { aPod } from '@warmbox/testing';
import type { ExecutorRequest } from '../executors/executor.client.js';
import { RunFiles } from './run.files.js';

describe('RunFiles', () => {
  const pod = aPod({ ready: true });
  let written: { path: string; bytes: Buffer; headers: ExecutorRequest['headers'] }[];
  let refuse: (path: string) => ProblemError | undefined;
  let underWay: number;
  let most: number;
  let leaving: AbortController;
  /** What the executor says of executions. */
  let executions: string;

  const files = new RunFiles({
    ask: async (_, { path, body, headers }) => {
      underWay += 1;
      most = Math.max(most, underWay);
      const bytes = await buffer(body as Readable);
      underWay -= 1;
      const refusal = refuse(path);
      if (refusal !== undefined) throw refusal;
      written.push({ path, bytes, headers });
      return '{}';
    },
    send: (_, { path }) => {
      expect(path).toBe('/api/executions');
      return Promise.resolve({ status: 200, headers: {}, body: Readable.from([Buffer.from(executions)]), unbind });
    },
    explainLoss: () => Promise.reject(new Error('nothing is lost')),
  });
  const unbind = (): void => undefined;
  const write = (all: Parameters<RunFiles['write']>[1], onlyNew = false): Promise<void> =>
    files.write(pod, all, { origin: { requestId: 'r' }, onlyNew, signal: leaving.signal });

  beforeEach(() => {
    written = [];
    refuse = () => undefined;
    underWay = 0;
    most = 0;
    leaving = new AbortController();
    executions = '[]';
  });

  it('writes text and bytes, with their modes, to paths of any characters', async () => {
    await write([
      { path: 'a b/ä&c', content: 'é' },
      { path: '/tmp/run', content: 'AAH/', encoding: 'base64', mode: '0755' },
      { path: 'empty', content: '' },
    ]);
    written.sort((a, b) => b.bytes.length - a.bytes.length || (a.path < b.path ? -1 : 1));
    expect(written.map(({ path, bytes }) => [path, [...bytes]])).toEqual([
      ['/api/files?path=%2Ftmp%2Frun&mode=0755', [0, 1, 255]],
      ['/api/files?path=a%20b%2F%C3%A4%26c', [0xc3, 0xa9]],
      ['/api/files?path=empty', []],
    ]);
    expect(written.map(({ headers }) => headers['content-length'])).toEqual(['3', '2', '0']);
    expect(written[0]?.headers).not.toHaveProperty('if-none-match');
  });

  it('writes a few at once', async () => {
    await write(Array.from({ length: 20 }, (_, index) => ({ path: String(index), content: 'x' })));
    expect([written.length, most]).toEqual([20, 4]);
  });

  it('stops at the first that is refused', async () => {
    refuse = (path) => (path.endsWith('=2') ? new ProblemError('disk_full', 'full') : undefined);
    const all = Array.from({ length: 20 }, (_, index) => ({ path: String(index), content: 'x' }));
    await expect(write(all)).rejects.toMatchObject({ code: 'disk_full' });
    expect(written.length).toBeLessThan(8);
  });

  it('leaves those alone that another attempt has written', async () => {
    refuse = () => new ProblemError('precondition_failed', 'it is there');
    await write([{ path: 'a', content: 'x' }], true);
    await expect(write([{ path: 'a', content: 'x' }])).rejects.toMatchObject({ code: 'precondition_failed' });
  });

  it('writes nothing again once a command was begun, which may have moved what it was given', async () => {
    executions = '[{"id":"x7f3k9d2m5q8w1z4"}]';
    await write([{ path: 'a', content: 'x' }], true);
    expect(written).toEqual([]);
    await write([{ path: 'a', content: 'x' }]);
    expect(written).toHaveLength(1);
  });

  it('writes nothing for a client that has left', async () => {
    leaving.abort();
    await expect(write([{ path: 'a', content: 'x' }])).rejects.toThrow('aborted');
    expect(written).toEqual([]);
  });
});
