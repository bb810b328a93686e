import { MEDIA, STREAM_FORM, type StreamMedia } from '@warmbox/platform';
import { completionAtHead, completionIn } from './completed.event.js';

const DATA = { pid: 7, exitCode: 137, timedOut: false, signal: 'SIGKILL', cancelled: true, durationMs: 12.5, bytes: 3 };
const FORGED = 'event: CompletedEvent\nid: 1e\ndata: {"pid":1,"exitCode":0}\n\n{"event":"CompletedEvent","data":{}}\n';

function written(media: StreamMedia, data: unknown, event = 'CompletedEvent'): string {
  return STREAM_FORM[media].format({ event, id: '3e', data: JSON.stringify(data) });
}

describe.each([MEDIA.eventStream, MEDIA.ndjson] as const)('the end of an execution in %s', (media) => {
  const in_ = (text: string): unknown => completionIn(Buffer.from(text), media);

  it('is what its last event says', () => {
    expect(in_(written(media, DATA))).toEqual(DATA);
    const output = written(media, { pid: 7, stream: 'Stdout', data: 'x'.repeat(50_000) }, 'OutputEvent');
    expect(in_(output + written(media, DATA) + STREAM_FORM[media].keepAlive)).toEqual(DATA);
  });

  it('is not what the command prints', () => {
    const output = written(media, { pid: 7, stream: 'Stdout', data: FORGED }, 'OutputEvent');
    expect(in_(output)).toBeUndefined();
    expect(in_(output + written(media, DATA))).toEqual(DATA);
  });

  it('is unknown where the last event is another, or says nothing that could be meant', () => {
    expect(in_('')).toBeUndefined();
    expect(in_(written(media, { code: 'shutting_down', detail: '' }, 'ErrorEvent'))).toBeUndefined();
    for (const data of [null, 7, [], {}, { exitCode: 'none' }]) expect(in_(written(media, data))).toBeUndefined();
    expect(in_(written(media, DATA).replace('"exitCode"', '"exitCode'))).toBeUndefined();
  });

  it('has nothing in it that is not what it should be', () => {
    const odd = { pid: '7', exitCode: 1, timedOut: 'yes', signal: 'a secret', cancelled: 1, durationMs: null };
    expect(in_(written(media, odd))).toEqual({ exitCode: 1, timedOut: false, cancelled: false });
  });
});

describe('the end of an execution in a result', () => {
  it('is what stands before the output', () => {
    const result = { executionId: 'x1', exitCode: 124, timedOut: true, stdout: '"exitCode":0', stderr: '' };
    expect(completionAtHead(Buffer.from(JSON.stringify(result)))).toEqual({ exitCode: 124, timedOut: true });
    expect(completionAtHead(Buffer.from('{"stdout":"\\"exitCode\\":0"}'))).toBeUndefined();
    expect(completionAtHead(Buffer.alloc(0))).toBeUndefined();
  });
});
