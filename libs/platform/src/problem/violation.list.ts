import type { Violation } from '@warmbox/contracts';

/** The most violations of one request that are listed, and the most bytes of them as JSON. */
export const VIOLATIONS_MAX = 100;
const LISTED_MAX_BYTES = 32 * 1024;

/** The most characters of a pointer and of a detail that are shown: both may quote what the client sent. */
const POINTER_MAX = 200;
const DETAIL_MAX = 300;

/** What is wrong with a request, as far as it is told: it is full before an answer becomes large, however much there is. */
export class ViolationList {
  private readonly listed: Violation[] = [];
  private bytes = 0;
  private full = false;

  /** Whether something was left out; who looks for violations may stop. */
  get isFull(): boolean {
    return this.full;
  }

  static of(violations: readonly Violation[]): ViolationList {
    const list = new ViolationList();
    for (const violation of violations) list.add(violation);
    return list;
  }

  get violations(): Violation[] {
    return this.listed;
  }

  add({ pointer, detail }: Violation): void {
    if (this.full) return;
    const violation = { pointer: shortened(pointer, POINTER_MAX), detail: shortened(detail, DETAIL_MAX) };
    const bytes = Buffer.byteLength(JSON.stringify(violation)) + 1;
    if (this.listed.length === VIOLATIONS_MAX || this.bytes + bytes > LISTED_MAX_BYTES) {
      this.full = true;
      return;
    }
    this.listed.push(violation);
    this.bytes += bytes;
  }
}

/** A text of at most so many characters; well-formed, also where it quotes what is not. */
export function shortened(text: string, max: number): string {
  return (text.length > max ? `${text.slice(0, max - 1)}…` : text).toWellFormed();
}
