import { codeOf, type Clock, type Timer } from '@warmbox/platform';
import type { Change } from './change.js';
import { FolderScans } from './folder.scans.js';
import { IN, type InotifyRecord } from './inotify.records.js';
import { pathIn, WatchedTree, type WatchedFolder } from './watched.tree.js';

/** What tells of the folders that are watched. */
export interface Watches {
  /**
   * Watches a folder; the same one again is the same watch.
   *
   * @throws with the system's error code
   */
  add(path: Buffer, mask: number): number;
  remove(watch: number): void;
  /** What has come since. */
  read(): Iterable<InotifyRecord>;
}

export interface FolderWatchOptions {
  /** Absolute; no part of it is a symbolic link. */
  path: Buffer;
  /** Whether the folders below it are watched as well. */
  isRecursive: boolean;
  /** How many folders are watched; what lies below others is told by `rescan` only. */
  foldersMax: number;
  /** Names that are nobody's business, as bytes in Latin-1. */
  isHidden: (name: string) => boolean;
  /** Whether the watches miss a part of what happens. */
  misses: boolean;
  tell: (change: Change) => void;
  /** The folder itself is there no more. It has been told, and nothing else will be. */
  over: () => void;
}

const FOLDER =
  IN.modify | IN.attrib | IN.movedFrom | IN.movedTo | IN.create | IN.delete | IN.onlyFolder | IN.dontFollow;
/** Of the folder that was asked for its own end as well, and of those above it that it is not there any more. */
const ROOT = FOLDER | IN.deleteSelf | IN.moveSelf;
const ABOVE = IN.delete | IN.movedFrom | IN.onlyFolder | IN.dontFollow;
const SELF_ENDS = IN.deleteSelf | IN.moveSelf | IN.unmount;

/** How long the second half of a move may be behind the first, in milliseconds: the kernel tells both at once. */
const MOVE_MS = 20;
/** After this long, in milliseconds, whoever watches is told again that some folders are not. */
const BLIND_MS = 30_000;

/** What was moved away, and may come again under another name. */
interface Move {
  folder: WatchedFolder;
  name: string;
  path: string;
  isFolder: boolean;
  moved?: WatchedFolder;
  isOld: boolean;
}

/**
 * Watches a folder by inotify: one watch for each folder, moved things told by both their names, new folders looked through for what was made
 * in them before their watch stood. Where something may have been missed it says so, once it misses nothing any more.
 */
export class FolderWatch {
  private readonly tree = new WatchedTree();
  private readonly above = new Map<number, string>();
  private readonly moves = new Map<number, Move>();
  private readonly scans: FolderScans;
  private root: WatchedFolder | undefined;
  private round = 0;
  private isOver = false;
  private repair: 'none' | 'running' | 'again' = 'none';
  private expiry: Timer | undefined;
  private blind: Timer | undefined;

  constructor(
    private readonly watches: Watches,
    private readonly options: FolderWatchOptions,
    private readonly clock: Clock,
  ) {
    this.scans = new FolderScans(
      {
        pathOf: (folder) => this.absolute(pathIn(folder)),
        isWatched: (folder) => !this.isOver && this.tree.has(folder),
        found: (folder, name, isFolder, isNew) => this.found(folder, name, isFolder, isNew),
        failed: (folder, error) => this.cannotWatch(pathIn(folder), error),
        settled: () => this.pull(),
      },
      clock,
    );
  }

  /** Resolves when the watch stands: what is made afterwards is told. @throws what the system says */
  async begin(): Promise<void> {
    const { path, isRecursive } = this.options;
    this.root = this.tree.put(this.watches.add(path, ROOT), '', undefined, this.round);
    this.watchAbove(path);
    if (isRecursive) await this.scans.of(this.root, false);
    if (this.options.misses && !this.isOver) this.tellBlind('');
  }

  /** Takes in what the kernel has to tell. */
  pull(): void {
    for (const record of this.watches.read()) {
      if (this.isOver) return;
      this.take(record);
    }
  }

  close(): void {
    this.isOver = true;
    this.expiry?.cancel();
    this.blind?.cancel();
    this.scans.close();
  }

  private take(record: InotifyRecord): void {
    const { watch, mask, name } = record;
    if (mask & IN.overflow) {
      void this.recover();
      return;
    }
    if (this.above.get(watch) === name && mask & (IN.delete | IN.movedFrom)) {
      this.end();
      return;
    }
    const folder = this.tree.of(watch);
    if (folder === undefined) return;
    if (mask & IN.ignored) this.tree.drop(folder);
    if (folder === this.root && mask & (SELF_ENDS | IN.ignored)) this.end();
    else if (name !== '' && !this.options.isHidden(name)) this.happened(folder, record);
  }

  private happened(folder: WatchedFolder, { mask, cookie, name }: InotifyRecord): void {
    const isFolder = (mask & IN.isFolder) !== 0 || ((mask & IN.delete) !== 0 && folder.children.has(name));
    const path = pathIn(folder, name);
    if (mask & IN.create) this.appeared(folder, name, isFolder);
    else if (mask & IN.movedTo) this.arrived(folder, name, isFolder, cookie);
    else if (mask & IN.movedFrom) {
      this.moves.set(cookie, { folder, name, path, isFolder, moved: folder.children.get(name), isOld: false });
      this.expireLater();
    } else {
      if (mask & IN.delete) folder.told?.delete(name);
      this.options.tell({ event: mask & IN.delete ? 'removed' : 'modified', path, isFolder });
    }
  }

  /** Something is there that was not, unless it has been found already. */
  private appeared(folder: WatchedFolder, name: string, isFolder: boolean): void {
    if (folder.told?.has(name) === true) return;
    folder.told?.add(name);
    this.options.tell({ event: 'created', path: pathIn(folder, name), isFolder });
    if (isFolder) this.watch(folder, name, true);
  }

  private arrived(folder: WatchedFolder, name: string, isFolder: boolean, cookie: number): void {
    const move = this.moves.get(cookie);
    if (move === undefined) {
      this.appeared(folder, name, isFolder);
      return;
    }
    this.moves.delete(cookie);
    move.folder.told?.delete(move.name);
    folder.told?.add(name);
    if (move.moved !== undefined) this.tree.move(move.moved, name, folder);
    this.options.tell({ event: 'moved', from: move.path, path: pathIn(folder, name), isFolder });
    // Where another folder had its name in between, that is the one which was watched.
    if (isFolder) this.watch(folder, name, true);
  }

  /** Something was found in a folder that is looked through. */
  private found(folder: WatchedFolder, name: string, isFolder: boolean, isNew: boolean): void {
    if (this.options.isHidden(name)) return;
    if (isNew) this.appeared(folder, name, isFolder);
    else if (isFolder && folder.children.get(name)?.round !== this.round) this.watch(folder, name, false);
  }

  private watch(parent: WatchedFolder, name: string, isNew: boolean): void {
    if (!this.options.isRecursive) return;
    const path = pathIn(parent, name);
    if (this.tree.size >= this.options.foldersMax) {
      this.cannotWatch(path, { code: 'ENOSPC' });
      return;
    }
    try {
      const known = parent.children.get(name);
      const folder = this.tree.put(this.watches.add(this.absolute(path), FOLDER), name, parent, this.round);
      if (folder !== known || this.repair !== 'none') void this.scans.of(folder, isNew);
    } catch (error) {
      this.cannotWatch(path, error);
    }
  }

  /** What is gone already, or is closed to this process, is nothing to be seen; of anything else changes are missed from now on. */
  private cannotWatch(path: string, error: unknown): void {
    if (this.isOver || ['ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return;
    this.tellBlind(path);
  }

  private tellBlind(path: string): void {
    this.options.tell({ event: 'rescan', path, reason: 'not_watched' });
    this.blind ??= this.clock.after(BLIND_MS, () => {
      this.blind = undefined;
      this.tellBlind('');
    });
  }

  /** The kernel has dropped what it had no room for: what there is now is looked for anew, and then whoever watches is to do the same. */
  private async recover(): Promise<void> {
    if (this.repair !== 'none') {
      this.repair = 'again';
      return;
    }
    do {
      this.repair = 'running';
      this.round += 1;
      if (this.root === undefined) return;
      this.root.round = this.round;
      if (this.options.isRecursive) await this.scans.of(this.root, false);
      for (const folder of this.tree.unseenIn(this.round)) this.forget(folder);
    } while (this.needsMoreRepair());
    this.repair = 'none';
    if (!this.isOver) this.options.tell({ event: 'rescan', path: '', reason: 'overflow' });
  }

  private needsMoreRepair(): boolean {
    return this.repair === 'again' && !this.isOver;
  }

  /** What was moved away and did not come again within the time is gone. */
  private expireLater(): void {
    this.expiry ??= this.clock.after(MOVE_MS, () => {
      this.pull();
      this.expiry = undefined;
      for (const [cookie, move] of this.moves) {
        if (move.isOld) this.left(cookie, move);
        else move.isOld = true;
      }
      if (this.moves.size > 0 && !this.isOver) this.expireLater();
    });
  }

  private left(cookie: number, { folder, name, path, isFolder, moved }: Move): void {
    this.moves.delete(cookie);
    folder.told?.delete(name);
    this.options.tell({ event: 'removed', path, isFolder });
    if (moved !== undefined) for (const below of [...this.tree.below(moved)]) this.forget(below);
  }

  private forget(folder: WatchedFolder): void {
    this.tree.drop(folder);
    this.watches.remove(folder.watch);
  }

  /** Where a folder above cannot be watched, its moving is not noticed: the folder is still watched then, wherever it is. */
  private watchAbove(path: Buffer): void {
    const names = path.toString('latin1').split('/').slice(1);
    for (let name = names.pop(); name !== undefined && name !== ''; name = names.pop()) {
      try {
        this.above.set(this.watches.add(Buffer.from(`/${names.join('/')}`, 'latin1'), ABOVE), name);
      } catch (error) {
        this.cannotWatch('', error);
      }
    }
  }

  private end(): void {
    if (this.isOver) return;
    this.options.tell({ event: 'removed', path: '', isFolder: true });
    this.close();
    this.options.over();
  }

  private absolute(path: string): Buffer {
    return path === '' ? this.options.path : Buffer.concat([this.options.path, Buffer.from(`/${path}`, 'latin1')]);
  }
}
