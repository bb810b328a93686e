import type { Inotify, InotifyQueue } from '../../system/inotify.js';
import type { Watches } from './folder.watch.js';
import { inotifyRecords, type InotifyRecord } from './inotify.records.js';

/** Folders that the kernel watches. */
export class InotifyWatches implements Watches {
  private readonly queue: InotifyQueue;

  /**
   * @param news is called when there may be something to read.
   * @throws SystemCallError EMFILE where this user watches too much already
   */
  constructor(inotify: Pick<Inotify, 'open'>, news: () => void) {
    this.queue = inotify.open(news);
  }

  add(path: Buffer, mask: number): number {
    return this.queue.add(path, mask);
  }

  remove(watch: number): void {
    this.queue.remove(watch);
  }

  *read(): Generator<InotifyRecord> {
    for (const bytes of this.queue.read()) yield* inotifyRecords(bytes);
  }

  close(): void {
    this.queue.close();
  }
}
