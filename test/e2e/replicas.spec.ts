import { createHash, randomInt } from 'node:crypto';
import type { CompletedEventDto, GapEventDto, OutputEventDto } from '@warmbox/dto';
import { ApiProxy, type LocalSystem, type WarmboxClient } from '@warmbox/testing/harness';
import { startLocalSystem } from './suite.js';

/** A test's time limit in milliseconds, as jest.e2e.config.js has it. */
const SUITE_TIMEOUT_MS = 120_000;

/** How many times a stream is cut, and how many sandboxes are used through a manager that cannot see them. */
const DISCONNECTS = 30;
const UNSEEN_SANDBOXES = Number(process.env.UNSEEN_SANDBOXES ?? 8);

describe('several managers', () => {
  let system: LocalSystem;
  let clients: WarmboxClient[];
  let name: string;

  beforeAll(async () => {
    system = await startLocalSystem({ managers: 2, environment: { OUTPUT_RING_MI: '64' } });
    clients = system.managers.map(({ client }) => client);
    ({ name } = await clients[0]!.create());
  });
  afterAll(() => system.stop());

  it(`resume a stream that is cut ${DISCONNECTS} times without a byte lost or doubled`, async () => {
    const size = 16_000_000;
    const request = {
      command: `head -c ${size} /dev/urandom | tee >(sha256sum > sum)`,
      encoding: 'base64' as const,
      events: 'all' as const,
    };
    const hash = createHash('sha256');
    const completed: CompletedEventDto[] = [];
    let bytes = 0;
    let lastEventId: string | undefined;
    let cut = new AbortController();
    let { executionId, events } = await clients[0]!.executeStreaming(name, request, cut.signal);
    let cuts = 0;
    for (;;) {
      // At most so many events that the output outlasts all the cuts.
      let left = cuts < DISCONNECTS ? randomInt(1, 12) : Infinity;
      try {
        for await (const { event, id, data } of events) {
          if (event === 'OutputEvent') {
            const chunk = Buffer.from((JSON.parse(data) as OutputEventDto).data, 'base64');
            hash.update(chunk);
            bytes += chunk.length;
            expect(Number(id)).toBe(bytes);
          } else if (event === 'CompletedEvent') completed.push(JSON.parse(data) as CompletedEventDto);
          else expect(event).toBe('StartedEvent');
          lastEventId = id ?? lastEventId;
          left -= 1;
          if (left <= 0) cut.abort();
        }
      } catch (error) {
        expect((error as Error).name).toBe('AbortError');
      }
      if (!cut.signal.aborted) break;
      cuts += 1;
      cut = new AbortController();
      ({ executionId, events } = await clients[cuts % 2]!.resume(
        name,
        executionId,
        lastEventId,
        '?encoding=base64',
        cut.signal,
      ));
    }
    expect(cuts).toBe(DISCONNECTS);
    expect(bytes).toBe(size);
    expect(completed).toMatchObject([{ exitCode: 0, bytes: size }]);
    const sum = await clients[0]!.execute(name, { command: 'until [ -s sum ]; do sleep 0.02; done; cat sum' });
    expect(hash.digest('hex')).toBe(sum.stdout.split(' ')[0]);
  });

  it('tell a late reader exactly how many bytes are gone', async () => {
    const small = await system.addManager({ environment: { OUTPUT_RING_MI: '4' } });
    const sandbox = await small.client.create();
    const size = 20_000_000;
    const { executionId, events } = await small.client.executeStreaming(sandbox.name, {
      command: `head -c ${size} /dev/urandom | tee whole`,
      encoding: 'base64',
    });
    await Array.fromAsync(events);
    const late = await small.client.resume(sandbox.name, executionId, undefined, '?encoding=base64');
    let gone = 0;
    const tail: Buffer[] = [];
    for await (const { event, data } of late.events) {
      if (event === 'GapEvent') gone += (JSON.parse(data) as GapEventDto).bytes;
      if (event === 'OutputEvent') tail.push(Buffer.from((JSON.parse(data) as OutputEventDto).data, 'base64'));
    }
    const kept = Buffer.concat(tail);
    expect(gone + kept.length).toBe(size);
    // The ring evicts by pieces of at most 64 KiB.
    expect(kept.length).toBeGreaterThanOrEqual(4 * 2 ** 20);
    expect(kept.length).toBeLessThanOrEqual(4 * 2 ** 20 + 65_536);
    const { stdout } = await small.client.execute(sandbox.name, {
      command: `tail -c ${kept.length} whole | sha256sum`,
    });
    expect(createHash('sha256').update(kept).digest('hex')).toBe(stdout.split(' ')[0]);
  });

  it(
    `serve ${UNSEEN_SANDBOXES} of ${UNSEEN_SANDBOXES} sandboxes that their own watch has not shown`,
    async () => {
      const proxy = await ApiProxy.start(system.cluster.url);
      try {
        const blind = await system.addManager({ server: proxy.url });
        proxy.stallWatches();
        await expect(blind.client.create()).resolves.toMatchObject({ isReady: true });
        for (let count = 0; count < UNSEEN_SANDBOXES; count += 1) {
          const sandbox = await clients[0]!.create();
          await expect(blind.client.execute(sandbox.name, { command: 'echo seen' })).resolves.toMatchObject({
            stdout: 'seen\n',
          });
          await clients[0]!.delete(sandbox.name);
        }
        await blind.child.end();
      } finally {
        await proxy.stop();
      }
    },
    SUITE_TIMEOUT_MS + UNSEEN_SANDBOXES * 2_000,
  );

  it('take over a stream whose manager was killed in the middle of it', async () => {
    const request = { command: 'for i in $(seq 100); do echo $i; sleep 0.02; done; exit 5', events: 'all' as const };
    const victim = await system.addManager();
    const { executionId, events } = await victim.client.executeStreaming(name, request);
    let output = '';
    let lastEventId: string | undefined;
    let killed = false;
    await expect(async () => {
      for await (const { event, id, data } of events) {
        if (event === 'OutputEvent') output += (JSON.parse(data) as OutputEventDto).data;
        lastEventId = id ?? lastEventId;
        if (output.length > 20 && !killed) {
          killed = true;
          await victim.child.end('SIGKILL');
        }
      }
    }).rejects.toThrow();
    const rest = await clients[1]!.resume(name, executionId, lastEventId);
    let completed: CompletedEventDto | undefined;
    for await (const { event, data } of rest.events) {
      if (event === 'OutputEvent') output += (JSON.parse(data) as OutputEventDto).data;
      if (event === 'CompletedEvent') completed = JSON.parse(data) as CompletedEventDto;
    }
    expect(output).toBe(Array.from({ length: 100 }, (_, index) => `${index + 1}\n`).join(''));
    expect(completed).toMatchObject({ exitCode: 5 });
  });

  it('tell a client of a manager that stops where to go on, and the command goes on', async () => {
    const leaving = await system.addManager();
    const { executionId, events } = await leaving.client.executeStreaming(name, {
      command: 'echo a; sleep 2; echo b; exit 6',
      events: 'all',
    });
    const seen: string[] = [];
    let lastEventId: string | undefined;
    for await (const { event, id, data } of events) {
      seen.push(event ?? '');
      lastEventId = id ?? lastEventId;
      if (event === 'OutputEvent') leaving.child.process.kill('SIGTERM');
      if (event === 'ErrorEvent') expect(JSON.parse(data)).toMatchObject({ code: 'shutting_down' });
    }
    expect(seen).toEqual(['StartedEvent', 'OutputEvent', 'ErrorEvent']);
    expect(await leaving.child.end()).toEqual({ code: 0, signal: null });
    const rest = await Array.fromAsync((await clients[0]!.resume(name, executionId, lastEventId)).events);
    expect(rest.map(({ event }) => event)).toEqual(['OutputEvent', 'CompletedEvent']);
    expect(JSON.parse(rest[1]!.data)).toMatchObject({ exitCode: 6 });
  });
});
