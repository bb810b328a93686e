import { randomFillSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quantile } from '../statistics.js';
import { cpuOf } from '../usage.js';
import type { Client } from './client.js';
import type { BareSpawn, Server } from './contenders.js';
import type { Table } from './table.js';

/** What these cases are made with: servers that run all the time, and take turns. */
export interface Turns {
  servers: Server[];
  bare: BareSpawn;
  table: Table;
}

/** One round of one case. What it measures of one it measures of all right after, so that the machine is the same for all. */
type Case = (turns: Turns, round: number) => Promise<void>;

const AT_ONCE = [1, 8, 32];
/** Of one load: milliseconds, and commands at most. */
const LOAD_MS = 1_000;
const LOAD_MOST = 1_000;
const FIRSTS = 20;

const MB = 1e6;
/** A file of bytes that nothing compresses or escapes well, and how often it is read. */
const RANDOM = { name: 'random.bytes', bytes: 32 * MB, times: 4 };
const ZEROS = 256 * MB;
const LINES = 2_000_000;
/** The bytes of `seq 1 LINES`. */
const LINES_BYTES = Array.from({ length: String(LINES).length }, (_, digits) => {
  const first = 10 ** digits;
  return (Math.min(LINES, first * 10 - 1) - first + 1) * (digits + 2);
}).reduce((all, bytes) => all + bytes, 0);

/** So many clients, each with one command at a time. */
export async function load(client: Client, atOnce: number): Promise<{ times: number[]; seconds: number }> {
  const begun = performance.now();
  const times: number[] = [];
  let count = 0;
  const one = async (): Promise<void> => {
    while (performance.now() - begun < LOAD_MS && count < LOAD_MOST) {
      count += 1;
      times.push((await client.run('true')).endMs);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return { times, seconds: (performance.now() - begun) / 1000 };
}

const commands: Case = async ({ servers, bare, table }, round) => {
  for (const atOnce of AT_ONCE) {
    const turns = [
      ...servers.map(({ name, pid, client }) => ({ name, pid, run: () => load(client, atOnce) })),
      { name: 'bare', pid: bare.pid, run: () => bare.load(atOnce, LOAD_MS, LOAD_MOST) },
    ];
    for (const { name, pid, run } of round % 2 === 0 ? turns : turns.toReversed()) {
      const before = cpuOf(pid);
      const { times, seconds } = await run();
      const after = cpuOf(pid);
      const of = `\`true\` × ${atOnce}`;
      table.add(`${of}, runs/s`, name, times.length / seconds);
      table.add(`${of}, p50 ms`, name, quantile(times, 0.5));
      table.add(`${of}, p95 ms`, name, quantile(times, 0.95));
      table.add(`${of}, own CPU ms a command`, name, (after.own - before.own) / times.length);
      const all = after.own + after.children - before.own - before.children;
      table.add(`${of}, all CPU ms a command`, name, all / times.length);
    }
  }
};

const first: Case = async ({ servers, table }) => {
  const times = new Map(servers.map(({ name }) => [name, [] as number[]]));
  for (let turn = 0; turn < FIRSTS; turn += 1) {
    for (const { name, client } of servers) {
      const { firstMs } = await client.run('echo; sleep 0.02');
      times.get(name)?.push(firstMs);
    }
  }
  for (const [name, values] of times) {
    table.add('first byte, p50 ms', name, quantile(values, 0.5));
    table.add('first byte, p95 ms', name, quantile(values, 0.95));
  }
};

/** Megabytes of output a second. */
const stream =
  (row: string, command: string, bytes: number, encoding: 'utf8' | 'base64'): Case =>
  async ({ servers, table }) => {
    for (const { name, client } of servers) {
      const { endMs } = await client.run(command, encoding);
      table.add(row, name, bytes / MB / (endMs / 1000));
    }
  };

/** The cases, by their names on the command line. */
export const SHARED_CASES: Record<string, Case> = {
  true: commands,
  first,
  zeros: stream('zeros, MB/s', `head -c ${ZEROS} /dev/zero`, ZEROS, 'base64'),
  lines: stream('2 M short lines, MB/s', `seq 1 ${LINES}`, LINES_BYTES, 'utf8'),
  random: stream(
    'random bytes, MB/s',
    `cat ${Array.from({ length: RANDOM.times }, () => RANDOM.name).join(' ')}`,
    RANDOM.bytes * RANDOM.times,
    'base64',
  ),
};

/** What the cases read. */
export async function prepare(workspace: string): Promise<void> {
  await writeFile(join(workspace, RANDOM.name), randomFillSync(Buffer.allocUnsafe(RANDOM.bytes)));
}
