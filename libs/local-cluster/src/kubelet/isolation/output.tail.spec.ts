import { PassThrough } from 'node:stream';
import { OutputTail } from './output.tail.js';

describe('OutputTail', () => {
  it('is what was printed last, of both streams, and no more than 2 KiB', async () => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    const tail = new OutputTail([stdout, stderr]);
    stdout.write('x'.repeat(1_000_000));
    stdout.end(`${'y'.repeat(3_000)}and this`);
    await new Promise((resolve) => stdout.once('close', resolve));
    stderr.end(', and that');
    const text = await tail.text();
    expect(Buffer.byteLength(text)).toBe(2_048);
    expect(text).toMatch(/^y+and this, and that$/);
  });

  it('is there although somebody holds a pipe open', async () => {
    const stream = new PassThrough();
    const tail = new OutputTail([stream]);
    stream.write('the last words');
    expect(await tail.text()).toBe('the last words');
  });

  it('is what came before a pipe broke', async () => {
    const stream = new PassThrough();
    const tail = new OutputTail([stream]);
    stream.write('before');
    await new Promise((resolve) => setImmediate(resolve));
    stream.destroy(new Error('broken'));
    expect(await tail.text()).toBe('before');
  });

  it('is empty where there were no streams', async () => {
    expect(await new OutputTail([]).text()).toBe('');
  });
});
