import { endianness } from 'node:os';

/** What is told of an inode, as the kernel has it (inotify(7)). */
export const IN = {
  modify: 0x2,
  attrib: 0x4,
  movedFrom: 0x40,
  movedTo: 0x80,
  create: 0x100,
  delete: 0x200,
  deleteSelf: 0x400,
  moveSelf: 0x800,
  unmount: 0x2000,
  overflow: 0x4000,
  ignored: 0x8000,
  onlyFolder: 0x1000000,
  dontFollow: 0x2000000,
  isFolder: 0x40000000,
} as const;

/** One thing that the kernel tells. */
export interface InotifyRecord {
  /** Which watch; -1 of an overflow. */
  watch: number;
  mask: number;
  /** The same in the two halves of a move; 0 of all else. */
  cookie: number;
  /** A name in the folder that is watched, as bytes in Latin-1; empty where it is about the folder itself. */
  name: string;
}

/** The head of a record: watch, mask, cookie, and how many bytes of name follow. */
const HEAD_BYTES = 16;

/** What a read of an inotify descriptor gave: whole records. */
export function* inotifyRecords(bytes: Buffer): Generator<InotifyRecord> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLittle = endianness() === 'LE';
  for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
    const end = at + HEAD_BYTES + view.getUint32(at + 12, isLittle);
    const padded = bytes.subarray(at + HEAD_BYTES, end);
    const length = padded.indexOf(0);
    yield {
      watch: view.getInt32(at, isLittle),
      mask: view.getUint32(at + 4, isLittle),
      cookie: view.getUint32(at + 8, isLittle),
      name: padded.toString('latin1', 0, length < 0 ? padded.length : length),
    };
    at = end;
  }
}
