import type { Name } from './first.names.js';

/** One entry of a page. */
export interface Listed {
  /** Its names below the folder that is listed, byte for byte in Latin-1. */
  path: readonly string[];
  /** A folder whose own entries would belong into the page, and cannot be had. */
  isUnreadable?: boolean;
}

export interface Page {
  items: Listed[];
  /** The last entry, if more follow. */
  last?: readonly string[];
}

export interface PageQuery {
  /** How many folders deep: 1 is the entries of the folder itself. */
  depth: number;
  /** The most entries of the page. */
  limit: number;
  /** The last entry of the page before. */
  after?: readonly string[];
}

/**
 * The first names of a folder, from one on, sorted; undefined where it cannot be read, and none where it is not there any more. Throws for the
 * folder that is listed itself.
 */
export type ReadNames = (path: readonly string[], limit: number, from?: string) => Promise<Name[] | undefined>;

/**
 * The next entries below a folder: every folder's in the order of their names' bytes, a folder's own ones right behind it. The order does not
 * depend on what there is: what is made or removed between two pages moves nothing from one to another, and what stays is listed once.
 */
export async function planPage({ depth, limit, after = [] }: PageQuery, readNames: ReadNames): Promise<Page> {
  const items: Listed[] = [];
  const isFull = (): boolean => items.length > limit;

  const walk = async (path: readonly string[], level: number, resumed: readonly string[]): Promise<boolean> => {
    const [from, ...below] = resumed;
    // One more than is missing shows whether there is another page; the one to go on at may not be an entry of this one.
    const names = await readNames(path, limit + 1 - items.length + (from === undefined ? 0 : 1), from);
    for (const { name, isFolder } of names ?? []) {
      const isResumed = name === from;
      const item: Listed = { path: [...path, name] };
      if (!isResumed) items.push(item);
      if (isFull()) break;
      if (!isFolder || level >= depth) continue;
      const isReadable = await walk(item.path, level + 1, isResumed ? below : []);
      if (!isReadable) item.isUnreadable = true;
      if (isFull()) break;
    }
    return names !== undefined;
  };

  await walk([], 1, after);
  return isFull() ? { items: items.slice(0, limit), last: items[limit - 1]?.path } : { items };
}
