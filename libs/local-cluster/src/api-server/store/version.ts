import { apiVersionOf, type Kind, type Stored } from '../kinds/kind.js';

export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';

const OPEN = Buffer.from('{');
const eventOpen = (type: ChangeType): Buffer => Buffer.from(`{"type":"${type}","object":`);
const EVENT_OPEN = { ADDED: eventOpen('ADDED'), MODIFIED: eventOpen('MODIFIED'), DELETED: eventOpen('DELETED') };
const EVENT_CLOSE = Buffer.from('}\n');

/**
 * One object as it was from one resourceVersion on. It is written as JSON once; answers, lists and every watch send those
 * same bytes.
 */
export class Version<T extends Stored = Stored> {
  private json: Buffer | undefined;

  constructor(
    readonly kind: Kind,
    readonly key: string,
    readonly revision: number,
    readonly object: T,
  ) {}

  /** The object by itself, with kind and apiVersion in front. */
  get bytes(): Buffer {
    this.json ??= Buffer.from(this.head + JSON.stringify(this.object).slice(1));
    return this.json;
  }

  /** The object in a list, where kind and apiVersion are left out. */
  get itemBytes(): Buffer[] {
    return [OPEN, this.bytes.subarray(Buffer.byteLength(this.head))];
  }

  /** The object as one line of a watch, in pieces. */
  eventBytes(type: ChangeType): Buffer[] {
    return [EVENT_OPEN[type], this.bytes, EVENT_CLOSE];
  }

  private get head(): string {
    return `{"kind":"${this.kind.kind}","apiVersion":"${apiVersionOf(this.kind)}",`;
  }
}
