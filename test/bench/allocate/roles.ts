import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNodes, type BenchNode } from './kubelet.js';
import type { Run } from './load.js';
import { runNaive, type NaiveLoad } from './naive.js';

/** The bundle that this is in, and the folder that `npm run build` filled. */
const BUNDLE = fileURLToPath(import.meta.url);
export const DIST = join(BUNDLE, '../..');

/** What a bench starts itself as, in a process of its own, so that it takes no time from the one that measures. */
const ROLES: Record<string, (input: unknown) => Promise<void>> = {
  nodes: (nodes) => runNodes(nodes as BenchNode[], [process.execPath, join(DIST, 'executor', 'main.js')]),
  naive: async (load) => {
    const run = await runNaive(load as NaiveLoad);
    await new Promise((resolve) => process.send?.(run, resolve));
    process.disconnect();
  },
};

/** Does what this process was started for. Returns false where that is the bench itself. */
export async function runRole(): Promise<boolean> {
  const [, , flag, role = '', input = ''] = process.argv;
  if (flag !== '--role') return false;
  await ROLES[role]?.(JSON.parse(input));
  return true;
}

function start(role: string, input: unknown): ChildProcess {
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  return spawn(process.execPath, [BUNDLE, '--role', role, JSON.stringify(input)], { stdio: [...stdio] });
}

/** Resolves once the nodes are registered; with what ends them. */
export async function startNodes(nodes: BenchNode[]): Promise<() => Promise<void>> {
  const child = start('nodes', nodes);
  await Promise.race([once(child, 'message'), failure(child)]);
  return async () => {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
}

/** So many processes of the naive allocation, with their share of the load each. */
export async function driveNaive(processes: number, { clients, calls, ...load }: NaiveLoad): Promise<Run> {
  const part = (total: number, index: number): number => Math.floor((total + index) / processes);
  const loads = Array.from({ length: processes }, (_, index) => ({
    ...load,
    clients: part(clients, index),
    calls: part(calls, index),
  }));
  const runs = await Promise.all(
    loads.map(async (own) => {
      const child = start('naive', own);
      const [run] = (await Promise.race([once(child, 'message'), failure(child)])) as [Run];
      return run;
    }),
  );
  return {
    attempts: runs.flatMap(({ attempts }) => attempts),
    seconds: Math.max(...runs.map(({ seconds }) => seconds)),
  };
}

async function failure(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`a process of the bench ended with ${code}`);
}
