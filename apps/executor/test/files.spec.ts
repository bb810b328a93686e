import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestExecutor } from './test.executor.js';

describe('a file of the sandbox', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start();
  });
  afterAll(() => executor.stop());

  it('is read as it is, by a name of any bytes', async () => {
    await writeFile(Buffer.from(`${executor.workspace}/\xffa b%\n`, 'latin1'), 'content');
    const { status, text, headers } = await executor.ask('/api/files?path=%FFa%20b%25%0A');
    expect([status, text]).toEqual([200, 'content']);
    expect(headers).toMatchObject({ 'content-type': 'application/octet-stream', 'content-length': '7' });
  });

  it.each([
    ['?path=none', 404, 'file_not_found'],
    ['?path=/etc/hosts', 403, 'forbidden'],
    ['?path=.', 409, 'conflict'],
    ['?path=', 400, 'invalid_request'],
    ['?path=a%00b', 400, 'invalid_request'],
    ['?path=%F', 400, 'invalid_request'],
    ['?path=a&path=b', 400, 'invalid_request'],
    ['?path=a&colour=1', 400, 'invalid_request'],
    ['', 400, 'invalid_request'],
  ])('is refused where it is none: %s', async (query, status, code) => {
    const answer = await executor.ask(`/api/files${query}`);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('may be a FIFO, which stops nobody', async () => {
    await executor.run({ command: 'mkfifo fifo' });
    await writeFile(join(executor.workspace, 'file'), 'x');
    for (let count = 0; count < 8; count += 1) expect((await executor.ask('/api/files?path=fifo')).status).toBe(409);
    expect((await executor.ask('/api/files?path=file')).text).toBe('x');
  });
});
