import { lstatSync, watch, type FSWatcher } from 'node:fs';
import { entryPath } from '../folder.walk.js';
import type { Watches } from './folder.watch.js';
import { IN, type InotifyRecord } from './inotify.records.js';

/**
 * Folders that Node watches, where the kernel cannot be asked. It tells neither moves nor what it has dropped, and of what was replaced
 * only that it is there: whoever uses it is blind to a part.
 */
export class PlainWatches implements Watches {
  private readonly watchers = new Map<number, FSWatcher>();
  private readonly ids = new Map<string, number>();
  private records: InotifyRecord[] = [];
  private last = 0;

  /** @param news is called when there is something to read. */
  constructor(private readonly news: () => void) {}

  add(path: Buffer): number {
    const key = path.toString('latin1');
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = (this.last += 1);
    const watcher = watch(path, 'buffer', (type, name) => this.happened(id, path, type, name));
    watcher.on('error', () => this.lost(id, key));
    this.watchers.set(id, watcher);
    this.ids.set(key, id);
    return id;
  }

  remove(id: number): void {
    this.watchers.get(id)?.close();
    this.watchers.delete(id);
    for (const [key, other] of this.ids) if (other === id) this.ids.delete(key);
  }

  *read(): Generator<InotifyRecord> {
    const { records } = this;
    this.records = [];
    yield* records;
  }

  close(): void {
    for (const id of [...this.watchers.keys()]) this.remove(id);
  }

  private happened(id: number, path: Buffer, type: string, name: Buffer | null): void {
    if (kindOf(path) === undefined) {
      this.lost(id, path.toString('latin1'));
      return;
    }
    if (name === null) return;
    const kind = kindOf(entryPath(path, name));
    const what = kind === undefined ? IN.delete : type === 'rename' ? IN.create : IN.modify;
    this.tell(id, what | (kind === 'folder' ? IN.isFolder : 0), name.toString('latin1'));
  }

  private lost(id: number, key: string): void {
    if (this.ids.get(key) !== id) return;
    this.remove(id);
    this.tell(id, IN.ignored, '');
  }

  private tell(watch: number, mask: number, name: string): void {
    this.records.push({ watch, mask, cookie: 0, name });
    this.news();
  }
}

/** What is at a path; undefined where nothing is. What the system lets nobody look at (a closed folder, too long a path) is something. */
function kindOf(path: Buffer): 'folder' | 'other' | undefined {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : stats.isDirectory() ? 'folder' : 'other';
  } catch {
    return 'other';
  }
}
