import { mkdtemp, open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileSink, type Writing } from './file.sink.js';

describe('bytes on their way into a file', () => {
  let folder: string;
  let handle: FileHandle;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'file-sink-'));
    handle = await open(join(folder, 'file'), 'w');
  });
  afterEach(async () => {
    await handle.close();
    await rm(folder, { recursive: true });
  });

  it('come in order, and leave no memory behind', async () => {
    const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(100_000, index));
    const expected = Buffer.concat(chunks);
    await pipeline(Readable.from(chunks), new FileSink(handle));
    expect(expected.equals(await readFile(join(folder, 'file')))).toBe(true);
    expect(chunks.map(({ length }) => length)).toEqual(Array(20).fill(0));
  });

  it('stay as they are where they are part of something larger', async () => {
    const whole = Buffer.from('0123456789');
    await pipeline(Readable.from([whole.subarray(2, 5)]), new FileSink(handle));
    expect([await readFile(join(folder, 'file'), 'utf8'), whole.toString()]).toEqual(['234', '0123456789']);
  });

  it('are all written where the system takes fewer at a time', async () => {
    const written: string[] = [];
    const slow: Writing = {
      write: (chunk, at) => {
        written.push(chunk.subarray(at, at + 3).toString());
        return Promise.resolve({ bytesWritten: Math.min(3, chunk.length - at) });
      },
    };
    await pipeline(Readable.from([Buffer.from('01234567')]), new FileSink(slow));
    expect(written).toEqual(['012', '345', '67']);
  });

  it('end with what the system says', async () => {
    const reading = await open(join(folder, 'file'), 'r');
    const sending = pipeline(Readable.from([Buffer.from('x')]), new FileSink(reading));
    await expect(sending).rejects.toMatchObject({ code: 'EBADF' });
    await reading.close();
  });
});
