import { Transform, type TransformCallback } from 'node:stream';

/** Bytes as they come, whose end waits for a last step. */
export class HeldEnd extends Transform {
  /** @param lastStep never rejects */
  constructor(private readonly lastStep: () => Promise<void>) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    callback(null, chunk);
  }

  override _flush(callback: TransformCallback): void {
    void this.lastStep().then(() => callback());
  }
}
