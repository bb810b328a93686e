import { loadavg } from 'node:os';
import type { Figures } from './figures.js';

const WIDTH = 9;

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Times in milliseconds; cpu: of all managers for one call; load: of the machine, which others may use as well. */
export function headline(): string {
  const columns = ['p50', 'p95', 'p99', 'ops/s', 'cpu', 'calls', 'doubles', 'load'];
  return `${'way, clients'.padEnd(14)}${columns.map((name) => name.padStart(WIDTH)).join('')}  failures`;
}

export function line(name: string, { p50, p95, p99, rate, cpu = NaN, calls, doubles, failures }: Figures): string {
  const times = [p50, p95, p99, rate, cpu].map((value) => value.toFixed(2).padStart(WIDTH));
  const counts = [String(calls), String(doubles), (loadavg()[0] ?? NaN).toFixed(1)].map((text) => text.padStart(WIDTH));
  const failed = Object.entries(failures).map(([code, count]) => `${count} × ${code}`);
  return `${name.padEnd(14)}${[...times, ...counts].join('')}  ${failed.join(', ')}`;
}

/** The ratios that count, each with its bound; then, without one, what the managers add to their own patch. */
export function verdicts(all: ReadonlyMap<string, Figures>): string[] {
  const ratio = (key: 'p50' | 'p99' | 'rate', a: string, b: string): number =>
    (all.get(a)?.[key] ?? NaN) / (all.get(b)?.[key] ?? NaN);
  const most = (what: string, value: number, bound: number): string => verdict(what, value, bound, value <= bound);
  const least = (what: string, value: number, bound: number): string => verdict(what, value, bound, value >= bound);
  return [
    most('p50 at 1 client, one manager : floor', ratio('p50', 'ours/1 1', 'floor 1'), 1.5),
    most('p50 at 1 client, three managers : floor', ratio('p50', 'ours/3 1', 'floor 1'), 1.5),
    most('p99 at 1 client, one manager : floor', ratio('p99', 'ours/1 1', 'floor 1'), 3),
    most('p99 at 1 client, three managers : floor', ratio('p99', 'ours/3 1', 'floor 1'), 3),
    most('p50 of a burst of 30, one manager : floor', ratio('p50', 'burst ours/1', 'burst floor'), 1.5),
    most('p50 of a burst of 30, three managers : floor', ratio('p50', 'burst ours/3', 'burst floor'), 1.5),
    least('ops/s of 64 clients, three managers : floor', ratio('rate', 'ours/3 64', 'floor 64'), 0.6),
    least('ops/s of 64 clients, three managers : list', ratio('rate', 'ours/3 64', 'list/3 64'), 20),
    least('ops/s of 64 clients, one manager : list', ratio('rate', 'ours/1 64', 'list/1 64'), 20),
    comparison('p50 at 1 client, one manager : lean', ratio('p50', 'ours/1 1', 'lean 1')),
    comparison('p50 of a burst of 30, three managers : lean', ratio('p50', 'burst ours/3', 'burst lean')),
    comparison('ops/s of 64 clients, three managers : lean', ratio('rate', 'ours/3 64', 'lean 64')),
  ];
}

function comparison(what: string, value: number): string {
  return `${what.padEnd(48)}${value.toFixed(2).padStart(8)}`;
}

function verdict(what: string, value: number, bound: number, holds: boolean): string {
  const outcome = Number.isNaN(value) ? 'not measured' : holds ? 'holds' : 'MISSED';
  return `${comparison(what, value)}  (bound ${bound}) ${outcome}`;
}
