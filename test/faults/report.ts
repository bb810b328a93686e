import { appendFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { Clients } from './clients.js';
import type { FaultWorld } from './fault.world.js';
import type { TakeOver } from './take.over.js';

/** Writes down what a fault did, as a row of the table in docs/reliability.md: on the terminal, and into the file FAULTS_REPORT. */
export function report(
  fault: string,
  { history, cluster }: FaultWorld,
  clients: Clients,
  taken: TakeOver[] = [],
): void {
  const tally = [...clients.tally].filter(([what]) => !what.endsWith(' 200'));
  const others = tally.map(([what, count]) => `${count} ${what}`).sort();
  const row = [
    fault,
    taken.length === 0 ? '–' : spread(taken.map(({ createdAfterMs }) => createdAfterMs)),
    String(clients.given),
    others.join(', ') || '–',
    `${history.claims} claims, ${history.violations().length} violations, ${history.orphans().length} orphans`,
    `peak ${history.peak}, ${history.gaps} gaps`,
    `${cluster.isLocal ? 'local' : 'real'}, load ${loadavg()[0]?.toFixed(1) ?? ''}`,
  ];
  const line = `| ${row.join(' | ')} |\n`;
  process.stdout.write(line);
  const file = process.env.FAULTS_REPORT ?? '';
  if (file !== '') appendFileSync(file, line);
}

/** Median and maximum of milliseconds, in seconds. */
function spread(values: number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const of = (index: number): string => ((sorted[index] ?? 0) / 1000).toFixed(2);
  return `p50 ${of(Math.floor((sorted.length - 1) / 2))} s, max ${of(sorted.length - 1)} s`;
}
