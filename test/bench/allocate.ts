/**
 * What an allocation costs, in one run against one API server: the bare claim, the way that many systems allocate, and ours.
 * `npm run bench:allocate` says what it needs. Absolute figures are this machine's, and those of an hour; ratios of equal
 * numbers of clients are what to compare. Linux only.
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { BURST, BURST_WAYS, measureBursts, type BurstWay } from './allocate/burst.js';
import { measureClaims, PODS } from './allocate/claims.js';
import { overRounds, type Figures } from './allocate/figures.js';
import { measureRefill, POOL, ROOM } from './allocate/refill.js';
import { runRole, startNodes } from './allocate/roles.js';
import { Stage } from './allocate/stage.js';
import { headline, line, print, verdicts } from './allocate/table.js';
import { EXECUTORS, measureVariables } from './allocate/variables.js';

const NAMESPACE = {
  claims: 'bench-claims',
  bursts: 'bench-bursts',
  refill: 'bench-refill',
  variables: 'bench-variables',
};
/** Milliseconds to Ready of a hollow pod. */
const HOLLOW_MS = 100;

/** A pool that nothing but the bench ends anything of. */
function poolOf(size: number, limit: number): Record<string, string> {
  return {
    ALLOW_LARGE_POOLS: 'true',
    MAX_TOTAL_CONTAINERS: String(limit),
    WARM_POOL_SIZE: String(size),
    MAX_CONCURRENT_CREATES: '100',
    IDLE_TIMEOUT_MINUTES: '1440',
    MAX_CONTAINER_LIFETIME_MINUTES: '1440',
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '3' },
      only: { type: 'string', default: 'floor,lean,ours,list,bursts,refill,variables' },
      json: { type: 'string' },
    },
  });
  const rounds = Number(values.rounds);
  const only = values.only.split(',');
  const hollow = [NAMESPACE.claims, NAMESPACE.bursts, NAMESPACE.refill];
  const endNodes = await startNodes([
    ...hollow.map((namespace) => ({ namespace, hollowAfterMs: HOLLOW_MS })),
    { namespace: NAMESPACE.variables },
  ]);
  const all = new Map<string, Figures>();
  const sentences: string[] = [];
  try {
    if (['floor', 'lean', 'ours', 'list'].some((way) => only.includes(way))) {
      await onStage(NAMESPACE.claims, PODS, PODS, async (stage) => {
        for (const [name, figures] of await measureClaims(stage, rounds, only)) all.set(name, figures);
      });
    }
    if (only.includes('bursts')) {
      await onStage(NAMESPACE.bursts, BURST, BURST, async (stage) => {
        for (const [name, figures] of await burstsOf(stage, rounds)) all.set(name, figures);
      });
    }
    if (only.includes('refill')) {
      await onStage(NAMESPACE.refill, POOL, ROOM, async (stage) => {
        sentences.push(...(await measureRefill(stage)));
      });
    }
    if (only.includes('variables')) {
      await onStage(NAMESPACE.variables, EXECUTORS, EXECUTORS, async (stage) => {
        sentences.push(...(await measureVariables(stage)));
      });
    }
  } finally {
    await endNodes();
  }
  print(`\nmedians of ${rounds} rounds`);
  print(headline());
  for (const [name, figures] of all) print(line(name, figures));
  for (const sentence of [...verdicts(all), ...sentences]) print(sentence);
  if (values.json !== undefined) {
    const result = { figures: Object.fromEntries(all), sentences };
    await writeFile(values.json, JSON.stringify(result, null, 2));
  }
}

/** Runs with a namespace whose pool is full, and leaves nothing of it. */
async function onStage(
  namespace: string,
  size: number,
  limit: number,
  measure: (stage: Stage) => Promise<void>,
): Promise<void> {
  const stage = await Stage.open(namespace, poolOf(size, limit));
  try {
    const begun = performance.now();
    await stage.staff(1);
    await stage.warm(size);
    print(`\n${namespace}: ${size} pods in ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    await measure(stage);
  } finally {
    await stage.close();
  }
}

async function burstsOf(stage: Stage, rounds: number): Promise<Map<string, Figures>> {
  const results = new Map<string, Figures[]>();
  const ways = Object.keys(BURST_WAYS) as BurstWay[];
  print(headline());
  for (let round = 0; round < rounds; round += 1) {
    for (const name of round % 2 === 0 ? ways : ways.toReversed()) {
      const figures = await measureBursts(stage, name);
      results.set(name, [...(results.get(name) ?? []), figures]);
      print(line(name, figures));
    }
  }
  return new Map([...results].map(([name, figures]) => [name, overRounds(figures)]));
}

if (!(await runRole())) await main();
