import { CONFIG_MAPS } from '@warmbox/kube';
import type { ConfigMap } from '@warmbox/sandbox';
import { outcomeOf, refusal, useTarget } from './target.js';

describe('config maps', () => {
  const target = useTarget();
  const create = (name: string, content: Partial<ConfigMap> = {}): Promise<ConfigMap> =>
    target().client.create(CONFIG_MAPS, target().namespace, { metadata: { name }, ...content });

  it('keep text and bytes', async () => {
    const data = { text: 'é\n', json: '{"a":1}', empty: '' };
    const created = await create('kept', { data, binaryData: { bytes: 'AAEC' } });
    expect(created).toMatchObject({ data, binaryData: { bytes: 'AAEC' } });
    expect(await target().client.get(CONFIG_MAPS, target().key('kept'))).toEqual(created);
  });

  it('are created by one of 32 who do so at once, the others are told 409 AlreadyExists', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 32 }, (_, index) => outcomeOf(create('raced', { data: { index: String(index) } }))),
    );
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 AlreadyExists')).toHaveLength(31);
    const { data } = await target().client.get(CONFIG_MAPS, target().key('raced'));
    expect(data?.index).toBe(String(outcomes.indexOf('accepted')));
  });

  it('are taken over by one of 8 who write from the same version', async () => {
    const before = await create('taken-over', { data: { by: 'nobody' } });
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        outcomeOf(
          target().client.replace(CONFIG_MAPS, target().key('taken-over'), { ...before, data: { by: String(index) } }),
        ),
      ),
    );
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === '409 Conflict')).toHaveLength(7);
  });

  it.each<{ what: string; content: object; status: number; fields: string[] }>([
    { what: 'a key with a slash', content: { data: { 'a/b': 'v' } }, status: 422, fields: ['data[a/b]'] },
    {
      what: 'a key twice',
      content: { data: { k: 'v' }, binaryData: { k: 'AAEC' } },
      status: 422,
      fields: ['data[k]'],
    },
    { what: 'more than a mebibyte', content: { data: { k: 'x'.repeat(1_048_577) } }, status: 422, fields: ['[]'] },
    { what: 'a number', content: { data: { k: 5 } }, status: 400, fields: [] },
    { what: 'bytes that are no Base64', content: { binaryData: { k: '***' } }, status: 400, fields: [] },
  ])('refuse $what: $status', async ({ content, status, fields }) => {
    const error = await refusal(create('refused', content));
    expect(error.status).toBe(status);
    expect(error.fields).toEqual(fields);
  });

  it('that are immutable stay as they are: 422', async () => {
    await create('immutable', { data: { k: 'v' }, immutable: true });
    const patched = target().client.patchMerge(CONFIG_MAPS, target().key('immutable'), { data: { k: 'w' } });
    expect((await refusal(patched)).fields).toEqual(['data']);
  });

  it('are deleted at once, with preconditions', async () => {
    const { metadata } = await create('deleted');
    const remove = (uid: string | undefined): Promise<unknown> =>
      target().client.delete(CONFIG_MAPS, target().key('deleted'), { preconditions: { uid } });
    expect((await refusal(remove('another'))).status).toBe(409);
    expect(await remove(metadata?.uid)).toMatchObject({ kind: 'Status', status: 'Success' });
    expect((await refusal(remove(metadata?.uid))).status).toBe(404);
  });
});
