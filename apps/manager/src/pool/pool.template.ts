import { templateHash, type Lease } from '@warmbox/sandbox';

/** The Lease's annotation that says what the pools should be like. */
export const TEMPLATE_ANNOTATION = 'warmbox.dev/pool-template';

/** What the pools should be like, as the Lease carries it. */
export interface DesiredTemplate {
  /** One hash for all of it. */
  template: string;
  /** When a manager with it was first seen, in wall-clock milliseconds. */
  firstSeen: number;
}

/** How a manager's own template relates to the desired one. */
export type Standing = 'same' | 'newer' | 'older';

/**
 * One hash for the templates and sizes of all runtimes and for the limit: managers agree on all of them or on none. What differs
 * in any of them would otherwise be made and unmade in turn while a rolling update passes the lease to and fro.
 */
export function templateOfAll(
  pools: readonly { name: string; size: number; template: string }[],
  maxTotalContainers: number,
): string {
  const byName = Object.fromEntries(pools.map(({ name, size, template }) => [name, `${size} ${template}`]));
  return templateHash({ ...byName, '': String(maxTotalContainers) });
}

/**
 * Newer is a manager whose process started after another template than its own was first seen: a rollout, or a rollback. One that
 * started before is what the rollout replaces; it neither leads nor deletes, so that two versions never fight over the pool.
 *
 * @param startedAt when the manager's process started, in wall-clock milliseconds.
 */
export function standingOf(desired: DesiredTemplate | undefined, own: string, startedAt: number): Standing {
  if (desired === undefined || desired.template === own) return 'same';
  return startedAt > desired.firstSeen ? 'newer' : 'older';
}

export function encodeDesired({ template, firstSeen }: DesiredTemplate): string {
  return JSON.stringify({ template, firstSeen: new Date(firstSeen).toISOString() });
}

/** What the lease says that the pools should be like. */
export function publishedTemplate(lease: Lease | undefined): DesiredTemplate | undefined {
  return decodeDesired(lease?.metadata?.annotations?.[TEMPLATE_ANNOTATION]);
}

/** undefined where nothing is desired yet, or nothing that can be understood. */
export function decodeDesired(text: string | undefined): DesiredTemplate | undefined {
  try {
    const { template, firstSeen } = JSON.parse(text ?? '') as Record<string, unknown>;
    const at = typeof firstSeen === 'string' ? Date.parse(firstSeen) : NaN;
    return typeof template === 'string' && !Number.isNaN(at) ? { template, firstSeen: at } : undefined;
  } catch {
    return undefined;
  }
}
