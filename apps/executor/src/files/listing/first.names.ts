/** A name in a folder, as bytes in Latin-1 text: its order is that of the bytes. */
export interface Name {
  name: string;
  /** A folder itself, not a link to one. */
  isFolder: boolean;
}

/**
 * The first of many names, in their order, however they come: of a folder that has a million of them a page is picked without having all of
 * them in memory.
 */
export class FirstNames {
  private names: Name[] = [];
  private last: string | undefined;

  /**
   * @param limit how many are kept; at most twice as many are held
   * @param from names before this one are left out
   */
  constructor(
    private readonly limit: number,
    private readonly from = '',
  ) {}

  add(name: Name): void {
    if (name.name < this.from || (this.last !== undefined && name.name > this.last)) return;
    this.names.push(name);
    if (this.names.length >= 2 * this.limit) this.cut();
  }

  /** Those that are kept. */
  get sorted(): Name[] {
    this.cut();
    return this.names;
  }

  private cut(): void {
    this.names.sort((a, b) => (a.name < b.name ? -1 : 1));
    this.names.length = Math.min(this.names.length, this.limit);
    if (this.names.length === this.limit) this.last = this.names.at(-1)?.name;
  }
}
