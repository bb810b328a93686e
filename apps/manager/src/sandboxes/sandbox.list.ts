import type { SandboxDto } from '@warmbox/dto';
import type { SandboxStatus } from '@warmbox/contracts';

/** Which sandboxes; every condition that is given must hold. */
export interface SandboxFilter {
  status?: SandboxStatus;
  userId?: string;
  /** Labels as `key=value`. */
  labels?: readonly string[];
}

export interface Page {
  items: SandboxDto[];
  /** Where the next page begins; absent on the last one. */
  next?: string;
}

export function matches(sandbox: SandboxDto, { status, userId, labels = [] }: SandboxFilter): boolean {
  return (
    (status === undefined || sandbox.status === status) &&
    (userId === undefined || sandbox.userId === userId) &&
    labels.every((label) => {
      const [key = '', ...value] = label.split('=');
      return sandbox.labels[key] === value.join('=');
    })
  );
}

/**
 * A page of sandboxes in the order of their names, which never changes: what is created or deleted between two pages moves
 * nothing from one page to another.
 *
 * @param cursor the `next` of the page before.
 * @param limit the most items of a page; all without it.
 */
export function pageOf(sandboxes: SandboxDto[], { cursor, limit }: { cursor?: string; limit?: number }): Page {
  const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
  const sorted = sandboxes
    .filter(({ name }) => after === undefined || name > after)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const items = limit === undefined ? sorted : sorted.slice(0, limit);
  const last = items.at(-1);
  return items.length < sorted.length && last !== undefined
    ? { items, next: Buffer.from(last.name).toString('base64url') }
    : { items };
}
