import { Readable } from 'node:stream';
import { ProblemError } from '@warmbox/platform';
import { TarChild, type TarEnd } from './tar.child.js';

/** Bytes that wait for whoever reads; as long as an archive is shorter, nothing of it is sent before it is whole. */
const BUFFER_BYTES = 65_536;

/** A file changed, came or went while it was read: such are the files of a sandbox that works. */
const CHANGED = 1;

/** What is packed, out of which folder. */
export interface Packed {
  /** A descriptor of the folder, open until the packing has begun. */
  folder: number;
  /** A name in it, or `.` for all of it. */
  member: Buffer;
  isCompressed: boolean;
  /** Whether times are kept to the nanosecond; each file's then takes half a kilobyte more. */
  keepsFractions: boolean;
  /** Names that are left out, as tar's patterns. */
  without: readonly string[];
  /** Ends it. */
  signal: AbortSignal;
}

/**
 * An archive on its way from tar, as fast as it is read. One that cannot be made to its end breaks off with an error. Whoever destroys it ends
 * tar.
 */
export class ArchivePacking extends Readable {
  private constructor(
    private readonly tar: TarChild,
    private readonly onFull: () => void,
  ) {
    super({ highWaterMark: BUFFER_BYTES });
    tar.stdout.on('data', (chunk: Buffer) => this.passOn(chunk)).on('error', () => undefined);
    void tar.ended.then((end) => {
      if (isPacked(end)) this.push(null);
      else this.destroy(packingProblem(end));
    });
  }

  /**
   * Packs a folder, or one thing in it. Modes, times, links, sparse files and names of any bytes are kept; sockets are left out.
   *
   * @returns when so much of it is there that the head of an answer can go out.
   * @throws ProblemError cannot_start; conflict, forbidden where tar fails before that
   */
  static async of({ folder, member, isCompressed, keepsFractions, without, signal }: Packed): Promise<ArchivePacking> {
    const format = keepsFractions ? ['--format=posix', '--pax-option=delete=atime,delete=ctime'] : ['--format=gnu'];
    const options = ['--create', '--file=-', ...format, '--sparse', '--numeric-owner'];
    const excluded = without.map((pattern) => `--exclude=${pattern}`);
    const names = ['--null', '--files-from=-'];
    const tar = await TarChild.start([...options, ...(isCompressed ? ['--gzip'] : []), ...excluded, ...names], folder);
    const { promise: full, resolve: onFull } = Promise.withResolvers<undefined>();
    const packing = new ArchivePacking(tar, () => onFull(undefined));
    packing.endWith(signal);
    // What it has to say of a broken pipe says how it ended.
    tar.stdin.on('error', () => undefined).end(Buffer.concat([member, Buffer.alloc(1)]));
    const end = await Promise.race([tar.ended, full]);
    if (end === undefined || isPacked(end)) return packing;
    packing.on('error', () => undefined).destroy();
    throw packingProblem(end);
  }

  override _read(): void {
    this.tar.stdout.resume();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.tar.kill();
    callback(error);
  }

  private endWith(signal: AbortSignal): void {
    const end = (): void => void this.destroy();
    signal.addEventListener('abort', end, { once: true });
    this.once('close', () => signal.removeEventListener('abort', end));
    if (signal.aborted) end();
  }

  private passOn(chunk: Buffer): void {
    if (this.push(chunk)) return;
    this.tar.stdout.pause();
    this.onFull();
  }
}

function isPacked({ code }: TarEnd): boolean {
  return code === 0 || code === CHANGED;
}

function packingProblem({ code, words }: TarEnd): ProblemError {
  const isClosed = /Permission denied|Operation not permitted/.test(words);
  return new ProblemError(
    isClosed ? 'forbidden' : 'conflict',
    `The archive cannot be made: ${words || `tar: ${code}`}.`,
  );
}
