import type { Clock, Timer } from '@warmbox/platform';
import { walkFolder } from '../folder.walk.js';
import type { WatchedFolder } from './watched.tree.js';

/** How long, in milliseconds, it may take until the kernel has told of what was found: it shows a name a moment before. */
const SETTLE_MS = 20;

export interface ScanTasks {
  pathOf: (folder: WatchedFolder) => Buffer;
  isWatched: (folder: WatchedFolder) => boolean;
  /** @param isNew whether whoever watches does not know of it. */
  found: (folder: WatchedFolder, name: string, isFolder: boolean, isNew: boolean) => void;
  failed: (folder: WatchedFolder, error: unknown) => void;
  /** What the kernel has told since is to be taken in. */
  settled: () => void;
}

/** Looks through folders that are watched, one after the other, for what was in them before their watch stood. */
export class FolderScans {
  private readonly waiting: { folder: WatchedFolder; isNew: boolean }[] = [];
  private readonly settling = new Set<Timer>();
  private running: Promise<void> | undefined;

  constructor(
    private readonly tasks: ScanTasks,
    private readonly clock: Clock,
  ) {}

  /** Resolves when that folder has been looked through, and all that came meanwhile. Never rejects. */
  of(folder: WatchedFolder, isNew: boolean): Promise<void> {
    if (isNew) folder.told ??= new Set();
    this.waiting.push({ folder, isNew });
    return (this.running ??= this.run());
  }

  close(): void {
    this.waiting.length = 0;
    for (const timer of this.settling) timer.cancel();
  }

  private async run(): Promise<void> {
    for (let next = this.waiting.pop(); next !== undefined; next = this.waiting.pop()) {
      const { folder, isNew } = next;
      try {
        await this.read(folder, isNew);
      } catch (error) {
        this.tasks.failed(folder, error);
      }
      if (isNew) this.settle(folder);
    }
    this.running = undefined;
  }

  private async read(folder: WatchedFolder, isNew: boolean): Promise<void> {
    if (!this.tasks.isWatched(folder)) return;
    for await (const { name, isFolder } of walkFolder(this.tasks.pathOf(folder))) {
      if (!this.tasks.isWatched(folder)) return;
      this.tasks.found(folder, name.toString('latin1'), isFolder, isNew);
    }
  }

  /** What was told because it was found is told by the kernel as well; after that nothing is told twice. */
  private settle(folder: WatchedFolder): void {
    const timer = this.clock.after(SETTLE_MS, () => {
      this.settling.delete(timer);
      this.tasks.settled();
      folder.told = undefined;
    });
    this.settling.add(timer);
  }
}
