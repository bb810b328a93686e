import { jest } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { unchanged, waitFor } from '@warmbox/testing';
import { allEvents, eventsOf, idOf, outputOf, TestExecutor, type SeenEvent } from './test.executor.js';

// Real processes on a machine that may be busy.
jest.setTimeout(60_000);

const MI = 2 ** 20;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Waits until an execution writes no more though it runs: its child is paused. */
async function paused(executor: TestExecutor, id: string): Promise<number> {
  const written = async (): Promise<number> => {
    const { bytes, state } = await executor.execution(id);
    expect(state).toBe('running');
    return Number(bytes);
  };
  const isStill = unchanged();
  return waitFor('the child is paused', written, (bytes) => bytes > 0 && isStill(bytes));
}

describe('Reading what a command writes', () => {
  let executor: TestExecutor;
  const start = async (options: Parameters<typeof TestExecutor.start>[0]): Promise<TestExecutor> => {
    executor = await TestExecutor.start(options);
    return executor;
  };
  const resume = (id: string, after: string, query = ''): Promise<IncomingMessage> =>
    executor.open(`/api/executions/${id}/events${query}`, { headers: { 'last-event-id': after } });
  afterEach(() => executor.stop());

  it('is byte-identical over 100 disconnects at random places while 50 MB stream', async () => {
    await start({ outputRingMi: 64 });
    const total = 50_000_000;
    const command = `head -c ${total} /dev/urandom | tee copy`;
    let answer = await executor.execute({ command, encoding: 'base64' });
    const id = idOf(answer);
    const received: Buffer[] = [];
    const completed: SeenEvent[] = [];
    let offset = 0;
    let lastId = '0s';
    let disconnects = 0;
    for (;;) {
      // 100 places, a random way from one to the next.
      const until = disconnects < 100 ? (total / 101) * (disconnects + Math.random()) : Infinity;
      for await (const { event, id: eventId, data } of eventsOf(answer)) {
        if (event === 'OutputEvent') {
          const bytes = Buffer.from(data.data, 'base64');
          received.push(bytes);
          offset += bytes.length;
          expect(eventId).toBe(String(offset));
        } else {
          expect(event).toBe('CompletedEvent');
          completed.push({ event, id: eventId, data });
        }
        lastId = String(eventId);
        if (offset >= until) break;
      }
      if (completed.length > 0) break;
      answer.destroy();
      disconnects += 1;
      answer = await resume(id, lastId, '?encoding=base64');
    }
    expect(disconnects).toBe(100);
    expect(completed).toMatchObject([{ id: `${total}e`, data: { exitCode: 0, bytes: total } }]);
    expect(sha256(Buffer.concat(received))).toBe(sha256(await readFile(join(executor.workspace, 'copy'))));
    expect((await resume(id, `${total}e`)).statusCode).toBe(204);
  });

  it('tells a late reader of a full ring exactly how much is gone', async () => {
    await start({ outputRingMi: 4 });
    const expected = Buffer.from(Array.from({ length: 2_000_000 }, (_, index) => `${index + 1}\n`).join(''));
    const creator = await executor.execute({ command: 'seq 1 2000000' });
    await allEvents(creator);
    const events = await allEvents(await executor.open(`/api/executions/${idOf(creator)}/events`));
    const [started, gap, ...rest] = events;
    expect(started?.event).toBe('StartedEvent');
    const lost = gap?.data.bytes ?? 0;
    expect(gap).toMatchObject({ event: 'GapEvent', id: String(lost) });
    expect(expected.length - lost).toBeGreaterThanOrEqual(4 * MI);
    expect(expected.length - lost).toBeLessThan(4.1 * MI);
    expect(outputOf(rest) === expected.subarray(lost).toString()).toBe(true);
    expect(rest.map(({ event }) => event).filter((event) => event !== 'OutputEvent')).toEqual(['CompletedEvent']);
  });

  it('accounts for every byte to a second reader that stops and goes on, and never waits for it', async () => {
    await start({ outputRingMi: 4 });
    const total = 60_000_000;
    const creator = await executor.execute({
      command: `until [ -e go ]; do sleep 0.02; done; yes 123456789 | head -c ${total}`,
      events: 'all',
    });
    const second = await executor.open(`/api/executions/${idOf(creator)}/events`);
    const events = eventsOf(second);
    await events.next();
    await executor.run({ command: 'touch go' });
    // The second one takes nothing until the command is over.
    expect((await allEvents(creator)).at(-1)).toMatchObject({ data: { exitCode: 0, bytes: total } });
    let offset = 0;
    let gaps = 0;
    for await (const { event, id, data } of events) {
      if (event === 'GapEvent') {
        gaps += 1;
        offset += data.bytes;
      } else if (event === 'OutputEvent') {
        const from = offset % 10;
        expect(data.data.startsWith('123456789\n123456789\n'.slice(from, from + 10))).toBe(true);
        offset += data.data.length;
      } else expect(event).toBe('CompletedEvent');
      expect(id).toBe(event === 'CompletedEvent' ? `${offset}e` : String(offset));
    }
    expect(offset).toBe(total);
    expect(gaps).toBeGreaterThan(0);
  });

  it('pauses the command when its creator stops reading, and goes on with it', async () => {
    await start({});
    const total = 100 * MI;
    const creator = await executor.execute({ command: `head -c ${total} /dev/zero`, encoding: 'base64' });
    const written = await paused(executor, idOf(creator));
    expect(written).toBeLessThan(50 * MI);
    let bytes = 0;
    let completed: SeenEvent | undefined;
    for await (const event of eventsOf(creator)) {
      if (event.event === 'OutputEvent') bytes += Buffer.byteLength(event.data.data, 'base64');
      else completed = event;
    }
    expect(bytes).toBe(total);
    expect(completed).toMatchObject({ id: `${total}e`, data: { exitCode: 0 } });
  });

  it('pauses the command when nobody reads and the ring is full, and loses nothing for who resumes', async () => {
    await start({ outputRingMi: 64 });
    const total = 100 * MI;
    const creator = await executor.execute({ command: `head -c ${total} /dev/zero`, encoding: 'base64' });
    const events = eventsOf(creator);
    const first = (await events.next()).value as SeenEvent;
    creator.destroy();
    const written = await paused(executor, idOf(creator));
    expect(written).toBeLessThanOrEqual(64 * MI);
    let offset = Number(first.id);
    for await (const { event, id, data } of eventsOf(
      await resume(idOf(creator), String(first.id), '?encoding=base64'),
    )) {
      if (event === 'CompletedEvent') expect(data).toMatchObject({ exitCode: 0 });
      else {
        expect(event).toBe('OutputEvent');
        offset += Buffer.byteLength(data.data, 'base64');
        expect(id).toBe(String(offset));
      }
    }
    expect(offset).toBe(total);
  });

  it('gives the place of a lost creator to the first who resumes: the command waits for it too', async () => {
    // More than sockets ever hold: what the lost creator had been sent before it went is still kept.
    await start({ outputRingMi: 64 });
    const creator = await executor.execute({ command: 'yes | head -c 100000000', encoding: 'base64' });
    creator.destroy();
    const heir = await resume(idOf(creator), '0');
    await paused(executor, idOf(creator));
    let bytes = 0;
    for await (const { event, data } of eventsOf(heir)) {
      expect(event).not.toBe('GapEvent');
      if (event === 'OutputEvent') bytes += data.data.length;
    }
    expect(bytes).toBe(100_000_000);
  });

  it('begins anywhere: also within an event or a character', async () => {
    await start({});
    const creator = await executor.execute({ command: 'printf "a€b"; printf "c" >&2' });
    await allEvents(creator);
    const at = async (after: string, encoding: string): Promise<[string | undefined, string][]> => {
      const events = await allEvents(await resume(idOf(creator), after, `?encoding=${encoding}`));
      return events.filter(({ event }) => event === 'OutputEvent').map(({ id, data }) => [id, data.data]);
    };
    expect(await at('1', 'utf8')).toEqual([
      ['5', '€b'],
      ['6', 'c'],
    ]);
    expect((await at('2', 'utf8'))[0]?.[1]).toMatch(/^\ufffd+b$/);
    expect((await at('2', 'base64'))[0]).toEqual([
      '5',
      Buffer.from('€').subarray(1).toString('base64').slice(0, 2) +
        Buffer.from('a€b').subarray(2).toString('base64').slice(2),
    ]);
    expect(await at('6', 'utf8')).toEqual([]);
  });

  it('takes the place from the header before the query, and everything without either', async () => {
    await start({});
    const creator = await executor.execute({ command: 'printf abc' });
    await allEvents(creator);
    const path = `/api/executions/${idOf(creator)}/events`;
    const seen = async (query: string, headers: Record<string, string>): Promise<string[]> =>
      (await allEvents(await executor.open(path + query, { headers }))).map(({ id }) => String(id));
    expect(await seen('', {})).toEqual(['0s', '3', '3e']);
    expect(await seen('?after=0s', {})).toEqual(['3', '3e']);
    expect(await seen('?after=3', {})).toEqual(['3e']);
    expect(await seen('?after=0s', { 'last-event-id': '3' })).toEqual(['3e']);
    expect(await seen('', { accept: 'text/event-stream' })).toEqual(['0s', '3', '3e']);
  });

  it('keeps no more than the ring of a command whose output nobody takes', async () => {
    await start({ outputRingMi: 1 });
    const { executionId } = await executor.run({ command: 'head -c 30M /dev/zero', maxOutputBytes: 10 });
    const events = await allEvents(
      await executor.open(`/api/executions/${String(executionId)}/events?encoding=base64`),
    );
    expect(events[1]).toMatchObject({ event: 'GapEvent' });
    const kept = events.reduce(
      (sum, { event, data }) => sum + (event === 'OutputEvent' ? Buffer.byteLength(data.data, 'base64') : 0),
      0,
    );
    expect(kept).toBeLessThanOrEqual(MI + 65_536);
    expect(kept + events[1]!.data.bytes).toBe(30 * MI);
  });
});
