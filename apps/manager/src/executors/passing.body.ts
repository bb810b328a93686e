import { Readable } from 'node:stream';

/**
 * A text as the body of a request, let go once it is passed on: undici keeps what it was given for as long as the answer lasts, and an
 * answer may stream for hours.
 */
export class PassingBody extends Readable {
  /** Its bytes in UTF-8. */
  readonly length: number;
  private bytes: Buffer | undefined;

  constructor(text: string) {
    super();
    this.bytes = Buffer.from(text);
    this.length = this.bytes.length;
  }

  override _read(): void {
    this.push(this.bytes);
    this.bytes = undefined;
    this.push(null);
  }
}
