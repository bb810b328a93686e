import { MEDIA } from '@warmbox/platform';
import { stopIn } from './last.words.js';

const stop = 'event: ErrorEvent\ndata: {"code":"shutting_down","detail":"The sandbox ends."}\n\n';
const line = '{"event":"ErrorEvent","data":{"code":"shutting_down","detail":"x"}}\n';
const output = 'event: OutputEvent\nid: 2\ndata: {"data":"1"}\n\n';

describe('the word of an executor that it stops', () => {
  it.each([
    ['alone', stop, 0],
    ['after other events', output + stop, output.length],
    ['after a sign of life', `${output}: keep-alive\n${stop}`, output.length + 13],
    ['after a sign of life alone', `: keep-alive\n: keep-alive\n${stop}`, 26],
    ['after many of them', output.repeat(10_000) + stop, output.length * 10_000],
  ])('is found %s', (_, text, at) => expect(stopIn(Buffer.from(text), MEDIA.eventStream)).toBe(at));

  it.each([
    ['another event', output],
    ['another error', stop.replace('shutting_down', 'internal')],
    ['the same words inside an event', output.replace('"1"', JSON.stringify(stop))],
    ['the same words in a line of its own event', `data: x\n${stop}`],
  ])('is not taken from %s', (_, text) => expect(stopIn(Buffer.from(text), MEDIA.eventStream)).toBeUndefined());

  it('is found in NDJSON, and not in a line of output', () => {
    expect(stopIn(Buffer.from(line), MEDIA.ndjson)).toBe(0);
    expect(stopIn(Buffer.from(`{}\n${line}`), MEDIA.ndjson)).toBe(3);
    const quoted = `{"event":"OutputEvent","data":{"data":${JSON.stringify(line)}}}\n`;
    expect(stopIn(Buffer.from(quoted), MEDIA.ndjson)).toBeUndefined();
  });
});
