import { giveBack } from '@warmbox/platform';
import { Writable } from 'node:stream';

/** A file that is open: it may take fewer bytes than it is given. */
export interface Writing {
  write(chunk: Buffer, at: number): Promise<{ bytesWritten: number }>;
}

/** Bytes that wait for the disk. */
const BUFFER_BYTES = 65_536;

/**
 * Bytes on their way into a file. Those that are written are given back to the system at once: left to the collector, some 70 MiB of
 * them pile up while 1 GiB comes. So nobody else may look at them.
 */
export class FileSink extends Writable {
  constructor(private readonly handle: Writing) {
    super({ highWaterMark: BUFFER_BYTES });
  }

  override _write(chunk: Buffer<ArrayBuffer>, _encoding: string, callback: (error?: Error | null) => void): void {
    this.store(chunk).then(
      () => callback(),
      (error: unknown) => callback(error as Error),
    );
  }

  private async store(chunk: Buffer<ArrayBuffer>): Promise<void> {
    for (let at = 0; at < chunk.length;) at += (await this.handle.write(chunk, at)).bytesWritten;
    giveBack(chunk);
  }
}
