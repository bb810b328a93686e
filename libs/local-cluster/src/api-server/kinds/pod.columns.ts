import type { Pod } from '@warmbox/sandbox';
import { AGE_COLUMN, NAME_COLUMN, type Column } from './columns.js';
import type { Stored } from './kind.js';

export const POD_COLUMNS: readonly Column<Pod & Stored>[] = [
  NAME_COLUMN,
  {
    name: 'Ready',
    description: 'How many of its containers are ready.',
    cell: ({ spec, status }) =>
      `${status?.containerStatuses?.filter(({ ready }) => ready).length ?? 0}/${spec?.containers.length ?? 0}`,
  },
  { name: 'Status', description: 'What its containers do, in one word.', cell: summaryOf },
  {
    name: 'Restarts',
    description: 'How often its containers were restarted.',
    cell: ({ status }) =>
      String(status?.containerStatuses?.reduce((sum, { restartCount }) => sum + restartCount, 0) ?? 0),
  },
  AGE_COLUMN,
  { name: 'IP', priority: 1, description: 'Its address.', cell: ({ status }) => status?.podIP ?? '<none>' },
  { name: 'Node', priority: 1, description: 'The node it runs on.', cell: ({ spec }) => spec?.nodeName ?? '<none>' },
  { name: 'Nominated Node', priority: 1, description: 'Always none here.', cell: () => '<none>' },
  { name: 'Readiness Gates', priority: 1, description: 'Always none here.', cell: () => '<none>' },
];

function summaryOf(pod: Pod): string {
  const states = (pod.status?.containerStatuses ?? []).map(({ state }) => state);
  const ended = states.find((state) => state?.terminated !== undefined)?.terminated;
  const waiting = states.find((state) => state?.waiting?.reason !== undefined)?.waiting?.reason;
  if (pod.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  if (waiting !== undefined) return waiting;
  if (ended !== undefined) return ended.reason ?? `ExitCode:${ended.exitCode}`;
  return pod.status?.reason ?? pod.status?.phase ?? 'Unknown';
}
