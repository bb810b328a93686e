import { endianness } from 'node:os';
import { IN, inotifyRecords } from './inotify.records.js';

describe('the records of an inotify descriptor', () => {
  const record = (watch: number, mask: number, cookie: number, name: Buffer): Buffer => {
    const head = new DataView(new ArrayBuffer(16));
    const isLittle = endianness() === 'LE';
    head.setInt32(0, watch, isLittle);
    head.setUint32(4, mask, isLittle);
    head.setUint32(8, cookie, isLittle);
    head.setUint32(12, name.length, isLittle);
    return Buffer.concat([Buffer.from(head.buffer), name]);
  };

  it('are read one after the other, whatever the bytes of their names', () => {
    const bytes = Buffer.concat([
      record(1, IN.create, 0, Buffer.from('a\0\0\0\0\0\0\0')),
      record(-1, IN.overflow, 0, Buffer.alloc(0)),
      record(2, IN.movedTo | IN.isFolder, 4_000_000_000, Buffer.from([0xff, 0xe9, 0, 0])),
      record(3, IN.delete, 0, Buffer.alloc(16, 'x')),
    ]);
    expect([...inotifyRecords(bytes)]).toEqual([
      { watch: 1, mask: IN.create, cookie: 0, name: 'a' },
      { watch: -1, mask: IN.overflow, cookie: 0, name: '' },
      { watch: 2, mask: IN.movedTo | IN.isFolder, cookie: 4_000_000_000, name: '\xff\xe9' },
      { watch: 3, mask: IN.delete, cookie: 0, name: 'x'.repeat(16) },
    ]);
    expect([...inotifyRecords(Buffer.alloc(0))]).toEqual([]);
  });
});
