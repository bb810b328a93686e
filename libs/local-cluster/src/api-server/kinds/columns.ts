import type { Stored } from './kind.js';

export type Cell = string | number;

/** One column of `kubectl get`; those with priority 1 only with `-o wide`. */
export interface Column<T extends Stored> {
  name: string;
  type?: 'string' | 'integer';
  format?: 'name';
  priority?: 0 | 1;
  description: string;
  /** `now` in milliseconds since the epoch. */
  cell(object: T, now: number): Cell;
}

export const NAME_COLUMN: Column<Stored> = {
  name: 'Name',
  format: 'name',
  description: 'The name of the object, unique within its namespace.',
  cell: ({ metadata }) => metadata.name,
};

export const AGE_COLUMN: Column<Stored> = {
  name: 'Age',
  description: 'The time since the object was created.',
  cell: ({ metadata }, now) => ageOf(metadata.creationTimestamp, now),
};

/** The time since then, as kubectl writes it: 59s, 9m59s, 3h5m, 47h, 10d, 2y3d. */
export function ageOf(then: string | undefined, now: number): string {
  const since = Date.parse(then ?? '');
  if (Number.isNaN(since)) return '<unknown>';
  const seconds = Math.max(0, Math.floor((now - since) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const pair = (large: number, unit: string, small: number, subunit: string): string =>
    small === 0 ? `${large}${unit}` : `${large}${unit}${small}${subunit}`;
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return pair(minutes, 'm', seconds % 60, 's');
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return pair(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  if (days < 8) return pair(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  return pair(Math.floor(days / 365), 'y', days % 365, 'd');
}
