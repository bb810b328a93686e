import { KubeApiError, KubeUnreachableError, silentLog } from '@warmbox/kube';
import { Gate, systemClock } from '@warmbox/platform';
import { StatusWriter } from './status.writer.js';

const pod = { metadata: { namespace: 'n', name: 'p', uid: 'u1' } };

/** Answers patches as it is told to, and refuses all else. */
class FakeClient {
  readonly patches: { metadata: { uid: string }; status: { phase?: string } }[] = [];
  readonly answers: (Error | Promise<undefined>)[] = [];

  async patchMerge<T>(_: unknown, key: unknown, patch: object, options: { subresource?: string } = {}): Promise<T> {
    expect(key).toEqual({ namespace: 'n', name: 'p' });
    expect(options.subresource).toBe('status');
    this.patches.push(patch as FakeClient['patches'][number]);
    const answer: unknown = await this.answers.shift();
    if (answer instanceof Error) throw answer;
    return answer as T;
  }
}

describe('StatusWriter', () => {
  let client: FakeClient;
  let writer: StatusWriter;

  beforeEach(() => {
    client = new FakeClient();
    const writes = new Gate(4);
    writer = new StatusWriter(client, pod, writes, systemClock, silentLog);
  });

  const phases = (): (string | undefined)[] => client.patches.map(({ status }) => status.phase);

  it('writes to that very pod', async () => {
    writer.write({ phase: 'Running' });
    await writer.flushed();
    expect(client.patches).toEqual([{ metadata: { uid: 'u1' }, status: { phase: 'Running' } }]);
  });

  it('skips what is outdated before it could be written, never the newest', async () => {
    const first = Promise.withResolvers<undefined>();
    client.answers.push(first.promise);
    for (const phase of ['Pending', 'Running', 'Failed']) writer.write({ phase });
    first.resolve(undefined);
    await writer.flushed();
    expect(phases()).toEqual(['Pending', 'Failed']);
  });

  it('overlooks nothing that comes in the very moment in which a write ends', async () => {
    const first = Promise.withResolvers<undefined>();
    client.answers.push(first.promise);
    writer.write({ phase: 'Running' });
    first.resolve(undefined);
    // One of these turns is the one in which the writer has just found nothing more to do.
    for (let turn = 0; turn < 12; turn += 1) {
      await Promise.resolve();
      writer.write({ phase: 'Failed', message: String(turn) });
    }
    await writer.flushed();
    expect(client.patches.at(-1)?.status).toEqual({ phase: 'Failed', message: '11' });
  });

  it('does not write the same twice', async () => {
    writer.write({ phase: 'Running' });
    await writer.flushed();
    writer.write({ phase: 'Running' });
    await writer.flushed();
    expect(phases()).toEqual(['Running']);
  });

  it.each([
    ['an answer that does not come', new KubeUnreachableError('PATCH', new Error('reset'))],
    ['an overloaded server', new KubeApiError(429, {}, 'PATCH')],
    ['a broken server', new KubeApiError(500, {}, 'PATCH')],
  ])('tries again after %s', async (_, error) => {
    client.answers.push(error, error);
    writer.write({ phase: 'Running' });
    await writer.flushed();
    expect(phases()).toEqual(['Running', 'Running', 'Running']);
  });

  it.each([
    ['gone', 404],
    ['another one of the same name', 409],
  ])('gives up when the pod is %s', async (_, status) => {
    client.answers.push(new KubeApiError(status, {}, 'PATCH'));
    writer.write({ phase: 'Running' });
    await writer.flushed();
    expect(phases()).toEqual(['Running']);
  });

  it('writes nothing more once it is stopped', async () => {
    client.answers.push(new KubeApiError(500, {}, 'PATCH'));
    writer.write({ phase: 'Running' });
    writer.stop();
    await writer.flushed();
    writer.write({ phase: 'Failed' });
    await writer.flushed();
    expect(phases()).toEqual(['Running']);
  });
});
