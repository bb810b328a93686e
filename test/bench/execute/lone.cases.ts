import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../statistics.js';
import { anonymousMi } from '../usage.js';
import { NODE_ALONE, Server, type Contender } from './contenders.js';
import { load } from './shared.cases.js';
import type { Table } from './table.js';

/** One round of one case, with a server of its own for each contender, while no other runs. */
type LoneCase = (contenders: Contender[], workspace: string, table: Table) => Promise<void>;

/** How long a server rests before its memory is looked at, in milliseconds, and how often it is while it works. */
const SETTLE_MS = 1_000;
const LOOK_MS = 10;
const COMMANDS = 1_000;
const STALLED = 8;
const STALL_MS = 2_000;
const BESIDE = 20;

const start: LoneCase = async (contenders, workspace, table) => {
  for (const contender of [...contenders, NODE_ALONE]) {
    const server = await Server.start(contender, workspace);
    table.add('start to answering, ms', contender.name, server.startMs);
    await server.stop();
  }
};

const idle: LoneCase = async (contenders, workspace, table) => {
  for (const contender of contenders) {
    const server = await Server.start(contender, workspace);
    await delay(SETTLE_MS);
    const before = anonymousMi(server.pid);
    table.add('anonymous idle, MiB', server.name, before);
    for (let count = 0; count < COMMANDS; count += 8) {
      await Promise.all(Array.from({ length: 8 }, () => server.client.run('true')));
    }
    await delay(SETTLE_MS);
    table.add('anonymous after 1,000 commands, MiB', server.name, anonymousMi(server.pid));
    await server.stop();
  }
};

const peak: LoneCase = async (contenders, workspace, table) => {
  for (const contender of contenders) {
    const server = await Server.start(contender, workspace);
    await delay(SETTLE_MS);
    const before = anonymousMi(server.pid);
    let most = before;
    const watch = setInterval(() => (most = Math.max(most, anonymousMi(server.pid))), LOOK_MS);
    await server.client.run('head -c 1G /dev/zero', 'base64');
    clearInterval(watch);
    table.add('most anonymous over idle, 1 GiB, MiB', server.name, most - before);
    await delay(SETTLE_MS);
    table.add('anonymous over idle afterwards, MiB', server.name, anonymousMi(server.pid) - before);
    await server.stop();
  }
};

const stalled: LoneCase = async (contenders, workspace, table) => {
  for (const contender of contenders) {
    const server = await Server.start(contender, workspace);
    await server.client.run('true');
    await delay(SETTLE_MS);
    const before = anonymousMi(server.pid);
    const ends = await Promise.all(Array.from({ length: STALLED }, () => server.client.stall('head -c 1G /dev/zero')));
    await delay(STALL_MS);
    table.add('each stalled reader, MiB', server.name, (anonymousMi(server.pid) - before) / STALLED);
    const times: number[] = [];
    for (let turn = 0; turn < BESIDE; turn += 1) times.push((await server.client.run('true')).endMs);
    table.add('`true` beside them, p50 ms', server.name, median(times));
    for (const end of ends) end();
    await server.stop();
  }
};

const loop: LoneCase = async (contenders, workspace, table) => {
  for (const contender of contenders.filter(({ argv }) => argv[0] === process.execPath)) {
    const server = await Server.start(contender, workspace, true);
    await load(server.client, 8);
    server.child.send('begin');
    await load(server.client, 8);
    server.child.send('end');
    const [{ p50, p95, most }] = (await once(server.child, 'message')) as [{ p50: number; p95: number; most: number }];
    table.add('loop late at `true` × 8, p50 ms', server.name, p50);
    table.add('loop late at `true` × 8, p95 ms', server.name, p95);
    table.add('loop late at `true` × 8, most ms', server.name, most);
    await server.stop();
  }
};

/** The cases, by their names on the command line. */
export const LONE_CASES: Record<string, LoneCase> = { start, idle, peak, stalled, loop };
