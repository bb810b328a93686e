import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { waitFor } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

describe.each([
  ['by the kernel', true],
  ['by Node', false],
])('a folder of the sandbox that is watched %s', (_how, nativeCalls) => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ nativeCalls });
  });
  afterAll(() => executor.stop());

  const at = (...names: string[]): string => join(executor.workspace, ...names);
  const attached = async (): Promise<number> => Number((await executor.ask('/api/activity')).json.attached);

  interface Seen {
    answer: IncomingMessage;
    text: () => string;
    /** Events as `name path`, without what was said of the content of files. */
    told: () => string;
    isOver: () => boolean;
  }
  async function watch(query: string, accept = 'text/event-stream'): Promise<Seen> {
    const answer = await executor.open(`/api/files/events${query}`, { headers: { accept } });
    let text = '';
    let isOver = false;
    answer.setEncoding('utf8').on('data', (chunk) => (text += String(chunk)));
    answer.on('end', () => (isOver = true));
    const told = (): string =>
      [...text.matchAll(/event: (\w+)\ndata: (.*)\n\n/g)]
        .map(([, event = '', data = '']) => ({ event, ...(JSON.parse(data) as { path: string; from?: string }) }))
        .filter(({ event }) => event !== 'modified')
        .map(({ event, from, path }) =>
          [event, from, path].filter(Boolean).join(' ').replaceAll(`${executor.workspace}/`, ''),
        )
        .filter((line) => nativeCalls || !line.startsWith('rescan'))
        .join(', ');
    return { answer, text: () => text, told, isOver: () => isOver };
  }

  it('tells what happens in it and below it, until the client leaves', async () => {
    await mkdir(at('w'));
    const seen = await watch('?path=w&recursive=true');
    expect([seen.answer.statusCode, seen.answer.headers['content-type'], await attached()]).toEqual([
      200,
      'text/event-stream; charset=utf-8',
      1,
    ]);
    await writeFile(at('w', 'a'), '1');
    await waitFor('a', seen.told, 'created w/a');
    await mkdir(at('w', 'd', 'e'), { recursive: true });
    await writeFile(at('w', 'd', 'e', 'x'), '1');
    await waitFor('all', seen.told, 'created w/a, created w/d, created w/d/e, created w/d/e/x');
    await rm(at('w', 'd', 'e', 'x'));
    await waitFor('the end', seen.told, /removed w\/d\/e\/x$/);
    await rename(at('w', 'a'), at('w', 'b'));
    await waitFor(
      'the move',
      seen.told,
      nativeCalls ? /moved w\/a w\/b$/ : /(removed w\/a, created w\/b|created w\/b, removed w\/a)$/,
    );
    seen.answer.destroy();
    await waitFor('nobody is there', attached, 0);
  });

  it('ends with its own removal', async () => {
    await mkdir(at('gone'));
    const seen = await watch('?path=gone');
    await rm(at('gone'), { recursive: true });
    await waitFor('it is over', seen.isOver, true);
    expect(seen.told()).toBe('removed gone');
    await waitFor('nobody is there', attached, 0);
  });

  it('says it in lines of JSON as well, and names that are no UTF-8 percent-encoded', async () => {
    await mkdir(at('lines'));
    const seen = await watch('?path=lines', 'application/x-ndjson');
    await writeFile(Buffer.from(`${at('lines')}/\xff`, 'latin1'), '');
    await waitFor('it', () => seen.text().includes('lines/%FF","encoding":"percent"'), true);
    expect(seen.text()).toContain('"event":"created"');
    seen.answer.destroy();
  });

  it.each([
    ['?path=none', 404, 'file_not_found'],
    ['?path=a-file', 409, 'conflict'],
    ['?path=/etc', 403, 'forbidden'],
    ['?recursive=1', 400, 'invalid_request'],
  ])('is refused: %s', async (query, status, code) => {
    await writeFile(at('a-file'), '');
    const answer = await executor.ask(`/api/files/events${query}`);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('is not watched by a HEAD request, nor in a form that it has not', async () => {
    expect((await executor.ask('/api/files/events', { method: 'HEAD' })).status).toBe(200);
    expect((await executor.ask('/api/files/events', { headers: { accept: 'text/html' } })).json).toMatchObject({
      code: 'not_acceptable',
    });
    expect(await attached()).toBe(0);
  });

  it('tells a reader that has not read to look again, and goes on', async () => {
    await mkdir(at('slow'));
    const answer = await executor.open('/api/files/events?path=slow', { headers: { accept: 'text/event-stream' } });
    answer.pause();
    // More than the connection holds: each name takes six times its bytes in JSON.
    await executor.run({ command: `cd slow && seq 20000 | sed "s/^/$(printf '\\001%.0s' {1..200})/" | xargs touch` });
    let text = '';
    answer
      .setEncoding('utf8')
      .on('data', (chunk) => (text += String(chunk)))
      .resume();
    await waitFor(
      'it is told to look again',
      () => /event: rescan\ndata: \{[^}]*"(slow_reader|overflow)"/.test(text),
      true,
    );
    await writeFile(at('slow', 'late'), '');
    await waitFor('it goes on', () => text.includes('/slow/late"'), true);
    answer.destroy();
  });

  it('has no more than so many watchers', async () => {
    const answers: IncomingMessage[] = [];
    await waitFor('nobody is there', attached, 0);
    for (let count = 0; count < 32; count += 1) answers.push(await executor.open('/api/files/events'));
    expect((await executor.ask('/api/files/events')).json).toMatchObject({ code: 'overloaded' });
    for (const answer of answers) answer.destroy();
    await waitFor('nobody is there', attached, 0);
    (await executor.open('/api/files/events')).destroy();
  });

  it('ends with the executor', async () => {
    const other = await TestExecutor.start({ nativeCalls });
    const answer = await other.open('/api/files/events');
    const over = new Promise((resolve) => answer.once('close', resolve));
    answer.resume();
    await other.stop();
    await over;
  });
});
