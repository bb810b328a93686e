/** A folder that is watched. */
export interface WatchedFolder {
  readonly watch: number;
  /** In its parent, as bytes in Latin-1; empty of the root. */
  name: string;
  parent?: WatchedFolder;
  readonly children: Map<string, WatchedFolder>;
  /** Names that were told while it is being looked through: those that came before its watch stood are found there only, and others twice. */
  told?: Set<string>;
  /** In which look through the whole tree it was seen. */
  round: number;
}

/** Which folders are watched, by their watches and by their names. A folder that moves keeps its watch, and takes with it what is below. */
export class WatchedTree {
  private readonly folders = new Map<number, WatchedFolder>();

  get size(): number {
    return this.folders.size;
  }

  of(watch: number): WatchedFolder | undefined {
    return this.folders.get(watch);
  }

  has(folder: WatchedFolder): boolean {
    return this.folders.get(folder.watch) === folder;
  }

  /** A folder at its place; where the watch is known already, the same folder is there now. */
  put(watch: number, name: string, parent: WatchedFolder | undefined, round: number): WatchedFolder {
    const folder = this.folders.get(watch) ?? { watch, name, children: new Map<string, WatchedFolder>(), round };
    this.folders.set(watch, folder);
    folder.round = round;
    this.move(folder, name, parent);
    return folder;
  }

  move(folder: WatchedFolder, name: string, parent: WatchedFolder | undefined): void {
    unlink(folder);
    folder.name = name;
    folder.parent = parent;
    parent?.children.set(name, folder);
  }

  /** A folder that is there no more; what lies below stays until it is dropped itself. */
  drop(folder: WatchedFolder): void {
    unlink(folder);
    if (this.has(folder)) this.folders.delete(folder.watch);
  }

  /** The folder and all below it. */
  *below(folder: WatchedFolder): Generator<WatchedFolder> {
    yield folder;
    for (const child of folder.children.values()) yield* this.below(child);
  }

  /** Those that were not seen in this round. */
  unseenIn(round: number): WatchedFolder[] {
    return [...this.folders.values()].filter((folder) => folder.round !== round);
  }
}

/** Its path below the root, or that of a name in it. */
export function pathIn(folder: WatchedFolder, name?: string): string {
  const names = name === undefined ? [] : [name];
  for (let at = folder; at.parent !== undefined; at = at.parent) names.unshift(at.name);
  return names.join('/');
}

function unlink(folder: WatchedFolder): void {
  // Another folder may have taken its name.
  if (folder.parent?.children.get(folder.name) === folder) folder.parent.children.delete(folder.name);
}
