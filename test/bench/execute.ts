/**
 * What commands cost: the executor alone, through a manager, and what it is compared with, in one run and in turns, since the
 * machine's speed changes within an hour. Ratios are what to compare. `npm run bench:execute -- --only true,first --rounds 5 --json
 * figures.json`; a round takes about a minute, Linux only.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BareSpawn, contenders, Server, type Contender } from './execute/contenders.js';
import { LONE_CASES } from './execute/lone.cases.js';
import { throughManager } from './execute/manager.js';
import { prepare, SHARED_CASES } from './execute/shared.cases.js';
import { machine, Table } from './execute/table.js';

const MANAGER = 'manager';
const WARM_UP = 50;
const CASES = [...Object.keys(SHARED_CASES), ...Object.keys(LONE_CASES), MANAGER];

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string', default: CASES.join(',') },
    json: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const only = values.only.split(',');
const unknown = only.filter((name) => !CASES.includes(name));
if (unknown.length > 0) throw new Error(`There is no case ${unknown.join(', ')}: there are ${CASES.join(', ')}.`);

const begun = machine();
print(begun);
const table = new Table();
const workspace = await mkdtemp(join(tmpdir(), 'bench-execute-'));
try {
  await prepare(workspace);
  const all = await contenders(print);
  await inTurns(all);
  await alone(all);
  if (only.includes(MANAGER)) await throughManager(rounds, table);
} finally {
  await rm(workspace, { recursive: true, force: true });
}
print(`\nmedians of ${rounds} rounds`);
for (const line of table.lines) print(line);
const ended = machine();
print(ended);
if (values.json !== undefined) {
  await writeFile(values.json, JSON.stringify({ begun, ended, rounds, values: table.values }, null, 2));
}

/** The cases that take turns at the same servers. */
async function inTurns(all: Contender[]): Promise<void> {
  const cases = Object.entries(SHARED_CASES).filter(([name]) => only.includes(name));
  if (cases.length === 0) return;
  const bare = new BareSpawn();
  const servers: Server[] = [];
  try {
    for (const contender of all) servers.push(await Server.start(contender, workspace));
    for (const { client } of servers) for (let count = 0; count < WARM_UP; count += 1) await client.run('true');
    for (let round = 0; round < rounds; round += 1) {
      for (const [, measure] of cases) await measure({ servers, bare, table }, round);
      print(`round ${round + 1} of ${rounds}`);
    }
  } finally {
    for (const server of servers) await server.stop();
    await bare.stop();
  }
}

/** The cases for which each contender is started anew. */
async function alone(all: Contender[]): Promise<void> {
  for (const [name, measure] of Object.entries(LONE_CASES).filter(([name]) => only.includes(name))) {
    for (let round = 0; round < rounds; round += 1) await measure(all, workspace, table);
    print(name);
  }
}
