import { cpus, loadavg, totalmem } from 'node:os';
import { median } from '../statistics.js';

const NAME = 40;
const CELL = 11;

/** What was measured, by what it is and of whom, in the order in which it came. */
export class Table {
  private readonly rows = new Map<string, Map<string, number[]>>();

  add(row: string, column: string, value: number): void {
    const cells = this.rows.get(row) ?? new Map<string, number[]>();
    this.rows.set(row, cells);
    cells.set(column, [...(cells.get(column) ?? []), value]);
  }

  /** The medians. */
  get lines(): string[] {
    const columns = [...new Set([...this.rows.values()].flatMap((cells) => [...cells.keys()]))];
    const cellOf = (values: number[] | undefined): string => {
      const value = values === undefined ? NaN : median(values);
      const text = Number.isNaN(value) ? '–' : value.toFixed(Math.abs(value) < 10 ? 2 : value < 100 ? 1 : 0);
      return text.padStart(CELL);
    };
    return [
      `${''.padEnd(NAME)}${columns.map((name) => name.padStart(CELL)).join('')}`,
      ...[...this.rows].map(
        ([name, cells]) => `${name.padEnd(NAME)}${columns.map((column) => cellOf(cells.get(column))).join('')}`,
      ),
    ];
  }

  /** Every value. */
  get values(): Record<string, Record<string, number[]>> {
    return Object.fromEntries([...this.rows].map(([name, cells]) => [name, Object.fromEntries(cells)]));
  }
}

/** What the figures are of. */
export function machine(): string {
  const [cpu] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  return `${cpus().length} × ${cpu?.model ?? 'unknown'}, ${memory} GiB, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}`;
}
