import { readdirSync } from 'node:fs';
import { atLeast, unchanged, waitFor } from '@warmbox/testing';
import { TestExecutor } from './test.executor.js';

const MI = 1_048_576;
/** Those that are being started have a moment's turn each. */
const AT_ONCE = 16;

describe('the bounds of terminals', () => {
  let executor: TestExecutor;
  beforeAll(async () => {
    executor = await TestExecutor.start({ killGraceSeconds: 0.5 });
  });
  afterAll(() => executor.stop());

  async function make(script: string): Promise<string> {
    const body = { cols: 80, rows: 24, argv: ['/bin/bash', '-c', script] };
    const { json } = await executor.ask('/api/terminals', { method: 'POST', body });
    return String(json.id);
  }
  const shown = async (id: string): Promise<Record<string, unknown>> =>
    (await executor.ask(`/api/terminals/${id}`)).json;
  const bytesOf = async (id: string): Promise<number> => Number((await shown(id)).bytes);

  it('lose no byte at the end of a program: 200 of them, looked at before and after it', async () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `${index + 1}\n`).join('');
    for (let round = 0; round < 200; round += AT_ONCE) {
      const runs = Array.from({ length: Math.min(AT_ONCE, 200 - round) }, async (_, index) => {
        const id = await make('stty -opost; seq 1 3000; exit 9');
        if (index % 2 === 1) await waitFor('it is over', () => shown(id), { state: 'completed' });
        const client = await executor.view(id, '?after=0');
        expect(await client.ended()).toEqual({ type: 'exit', exitCode: 9 });
        expect(client.text === lines).toBe(true);
      });
      await Promise.all(runs);
    }
  }, 120_000);

  it('hold little for a viewer that sleeps, and none of the program’s time; it wakes behind a gap', async () => {
    const id = await make(
      'stty -opost; read -r _; head -c 10000000 /dev/zero | tr "\\0" x; echo; echo done; read -r _',
    );
    const [asleep, awake] = await Promise.all([0, 1].map(() => executor.view(id, '?after=0')));
    asleep!.socket.pause();
    const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
    awake!.type('\r');
    await awake!.shows(/x/);
    // In the same process it would hold all that it gets.
    awake!.socket.terminate();
    await waitFor('it has printed all', () => bytesOf(id), atLeast(10_000_000));
    const held = process.memoryUsage().arrayBuffers + process.memoryUsage().external - before;
    expect(held).toBeLessThan(16 * MI);
    asleep!.socket.resume();
    await asleep!.shows(/done/);
    const [gap, ...others] = asleep!.notices;
    expect([gap?.type, others]).toEqual(['gap', []]);
    expect(asleep!.bytes + (gap as { bytes: number }).bytes).toBe(await bytesOf(id));
    expect(asleep!.bytes).toBeGreaterThan(MI / 2);
    asleep!.type('\r');
    await asleep!.ended();
  });

  it('let a program that prints without end go on slowly where nobody looks, in little memory', async () => {
    const id = await make('yes');
    await waitFor('it prints', () => bytesOf(id), atLeast(2 * MI));
    const [from, cpu, at] = [await bytesOf(id), process.cpuUsage(), performance.now()];
    await waitFor('it has gone on', () => bytesOf(id), atLeast(from + 8 * MI));
    const { user, system } = process.cpuUsage(cpu);
    const share = (user + system) / 1000 / (performance.now() - at);
    expect(share).toBeLessThan(0.6);
    const { bytes, keptFrom } = await shown(id);
    expect(Number(bytes) - Number(keptFrom)).toBeLessThan(1.2 * MI);
    await executor.ask(`/api/terminals/${id}`, { method: 'DELETE' });
  });

  it('ask a viewer to wait whose program does not read, and lose nothing of what it types', async () => {
    const id = await make(
      'stty raw -echo; echo ready; read -rn1 _ < <(sleep 1.5); head -c 1000000 | sha256sum; head -c 1 > /dev/null',
    );
    const client = await executor.view(id);
    await client.shows(/ready/);
    const line = '0123456789'.repeat(10);
    for (let count = 0; count < 1000; count += 1) client.socket.send(Buffer.from(line.repeat(10)));
    await client.shows(/[\da-f]{64}/);
    const { stdout } = await executor.run({ command: `for i in $(seq 10000); do printf %s ${line}; done | sha256sum` });
    expect(client.text).toContain(String(stdout).slice(0, 64));
    client.type('x');
    await client.ended();
  });

  it('echo a large paste whole', async () => {
    const client = await executor.view(await make('echo ready; cat > pasted; head -c 1 > /dev/null'));
    await client.shows(/ready/);
    const lines = Array.from({ length: 10_000 }, (_, index) => `line ${index} of the paste\r`).join('');
    client.type(lines);
    await waitFor('the echo', () => client.bytes, lines.length + 10_000 + 'ready\r\n'.length);
    client.type('\u0004');
    await waitFor('the file', () => executor.run({ command: 'cat pasted' }), { stdout: lines.replaceAll('\r', '\n') });
    client.type('\r');
    await client.ended();
  });

  it('leave nothing of 200 of them: no process, no descriptor, no terminal, and little memory', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    const cycle = async (): Promise<void> => {
      const id = await make('head -c 100000 /dev/zero | tr "\\0" x; read -r _');
      const client = await executor.view(id);
      await client.shows(/x$/);
      if (Math.random() < 0.5) client.type('\r');
      else await executor.ask(`/api/terminals/${id}`, { method: 'DELETE' });
      await client.ended();
    };
    for (let count = 0; count < 8; count += 1) await cycle();
    await waitFor('all is over', open, unchanged(5));
    const before = open();
    for (let round = 0; round < 25; round += 1) await Promise.all(Array.from({ length: 8 }, cycle));
    await waitFor('as many are open as before', open, (now) => now <= before + 2);
    const { terminals, attached, running } = (await executor.ask('/api/activity')).json;
    expect([terminals, attached, running]).toEqual([0, 0, 0]);
    const kept = JSON.parse((await executor.ask('/api/terminals')).text) as { bytes: number; keptFrom: number }[];
    expect(kept.reduce((sum, { bytes, keptFrom }) => sum + bytes - keptFrom, 0)).toBeLessThan(5 * MI);
  }, 120_000);
});
