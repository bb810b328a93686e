import { PODS } from '@warmbox/kube';
import type { JsonPatchOperation, Pod } from '@warmbox/sandbox';
import { refusal, useTarget } from './target.js';

describe('patches', () => {
  const target = useTarget();
  const NAME = 'patched';
  const patch = (...operations: JsonPatchOperation[]): Promise<Pod> =>
    target().client.patchJson(PODS, target().key(NAME), operations);
  const merge = (body: object): Promise<Pod> => target().client.patchMerge(PODS, target().key(NAME), body);
  const label = (value: string): JsonPatchOperation => ({ op: 'add', path: '/metadata/labels/changed', value });

  beforeEach(async () => {
    await target().createPod(NAME, { labels: { a: '1' } });
    await merge({ metadata: { annotations: { 'x.y/z': 't~' }, finalizers: ['a.b/1', 'a.b/2'] } });
  });
  afterEach(async () => {
    await merge({ metadata: { finalizers: null } });
    await target().removePod(NAME);
  });

  describe('JSON Patch', () => {
    it('adds, replaces, moves, copies and removes, in order', async () => {
      const { metadata } = await patch(
        { op: 'add', path: '/metadata/labels/b', value: '2' },
        { op: 'replace', path: '/metadata/labels/a', value: '3' },
        { op: 'copy', from: '/metadata/labels/b', path: '/metadata/labels/c' },
        { op: 'move', from: '/metadata/labels/b', path: '/metadata/labels/d' },
        { op: 'remove', path: '/metadata/annotations/x.y~1z' },
        { op: 'add', path: '/metadata/finalizers/-', value: 'a.b/3' },
        { op: 'add', path: '/metadata/finalizers/0', value: 'a.b/0' },
        { op: 'remove', path: '/metadata/finalizers/1' },
      );
      expect(metadata?.labels).toEqual({ a: '3', c: '2', d: '2' });
      expect(metadata?.annotations).toBeUndefined();
      expect(metadata?.finalizers).toEqual(['a.b/0', 'a.b/2', 'a.b/3']);
    });

    it.each<{ what: string; test: JsonPatchOperation }>([
      { what: 'a value', test: { op: 'test', path: '/metadata/labels/a', value: '1' } },
      { what: 'a key with a slash', test: { op: 'test', path: '/metadata/annotations/x.y~1z', value: 't~' } },
      { what: 'an object, whatever its order', test: { op: 'test', path: '/metadata/labels', value: { a: '1' } } },
      { what: 'a number', test: { op: 'test', path: '/spec/terminationGracePeriodSeconds', value: 30 } },
      { what: 'an element of an array', test: { op: 'test', path: '/spec/containers/0/name', value: 'main' } },
      { what: 'the absence of a field as null', test: { op: 'test', path: '/metadata/labels/b', value: null } },
      {
        what: 'that it is not being deleted as null',
        test: { op: 'test', path: '/metadata/deletionTimestamp', value: null },
      },
      { what: 'the kind', test: { op: 'test', path: '/kind', value: 'Pod' } },
    ])('tests $what', async ({ test }) => {
      expect((await patch(test, label('yes'))).metadata?.labels).toMatchObject({ changed: 'yes' });
    });

    it.each<{ what: string; operation: JsonPatchOperation }>([
      { what: 'a test of another value', operation: { op: 'test', path: '/metadata/labels/a', value: '2' } },
      { what: 'a test of a field that is absent', operation: { op: 'test', path: '/metadata/labels/b', value: '2' } },
      {
        what: 'a test of a number as text',
        operation: { op: 'test', path: '/spec/terminationGracePeriodSeconds', value: '30' },
      },
      {
        what: 'a test below what is absent, even of null',
        operation: { op: 'test', path: '/metadata/nope/nope', value: null },
      },
      {
        what: 'a test of an older resourceVersion',
        operation: { op: 'test', path: '/metadata/resourceVersion', value: '1' },
      },
      { what: 'an add below what is absent', operation: { op: 'add', path: '/metadata/nope/nope', value: '2' } },
      { what: 'a remove below what is absent', operation: { op: 'remove', path: '/metadata/nope/nope' } },
      { what: 'a remove of what is absent', operation: { op: 'remove', path: '/metadata/labels/b' } },
      { what: 'a remove beyond an array', operation: { op: 'remove', path: '/metadata/finalizers/9' } },
      { what: 'an add beyond an array', operation: { op: 'add', path: '/metadata/finalizers/9', value: 'a.b/9' } },
      { what: 'an array index that is none', operation: { op: 'add', path: '/metadata/finalizers/x', value: 'a.b/9' } },
      { what: 'a move of what is absent', operation: { op: 'move', from: '/metadata/labels/b', path: '/metadata/x' } },
      { what: 'a path without a slash', operation: { op: 'add', path: 'metadata/labels/b', value: '2' } },
      {
        what: 'an operation that there is not',
        operation: { op: 'zap', path: '/metadata/labels/a' } as unknown as JsonPatchOperation,
      },
    ])('is refused whole for $what: 422 Invalid without a field', async ({ operation }) => {
      const before = await target().client.get(PODS, target().key(NAME));
      const error = await refusal(patch(label('no'), operation));
      expect(error.status).toBe(422);
      expect(error.reason).toBe('Invalid');
      expect(error.fields).toEqual([]);
      expect(await target().client.get(PODS, target().key(NAME))).toEqual(before);
    });

    it.each<{ what: string; operation: JsonPatchOperation; fields: string[] }>([
      {
        what: 'a label value that is none',
        operation: { op: 'add', path: '/metadata/labels/a', value: 'a b' },
        fields: ['metadata.labels'],
      },
      {
        what: 'a label that is a number',
        operation: { op: 'add', path: '/metadata/labels/a', value: 5 },
        fields: ['patch'],
      },
      {
        what: 'another spec',
        operation: { op: 'replace', path: '/spec/restartPolicy', value: 'Never' },
        fields: ['spec'],
      },
      {
        what: 'another uid',
        operation: { op: 'replace', path: '/metadata/uid', value: 'x' },
        fields: ['metadata.uid'],
      },
      { what: 'another kind', operation: { op: 'replace', path: '/kind', value: 'X' }, fields: ['patch'] },
      {
        what: 'a time of deletion',
        operation: { op: 'add', path: '/metadata/deletionTimestamp', value: '2026-01-01T00:00:00Z' },
        fields: ['metadata.deletionTimestamp'],
      },
    ])('is refused for $what: 422 that names the field', async ({ operation, fields }) => {
      const error = await refusal(patch(operation));
      expect(error.status).toBe(422);
      expect([...new Set(error.fields)]).toEqual(fields);
    });

    it('fails for its test before it fails for an invalid value', async () => {
      const error = await refusal(
        patch(
          { op: 'add', path: '/metadata/labels/a', value: 'a b' },
          { op: 'test', path: '/metadata/labels/b', value: 'x' },
        ),
      );
      expect(error.fields).toEqual([]);
    });

    it.each([
      { what: 'an object', body: '{"op":"add"}' },
      { what: 'an array of text', body: '["add"]' },
      { what: 'JSON that is cut off', body: '[{' },
      { what: 'nothing', body: '' },
    ])('is refused as $what: 400', async ({ body }) => {
      const answer = await target().raw('PATCH', target().podPath(NAME), {
        body,
        headers: { 'content-type': 'application/json-patch+json' },
      });
      expect(answer.status).toBe(400);
    });

    it('answers 404 for what does not exist', async () => {
      expect((await refusal(target().client.patchJson(PODS, target().key('missing'), []))).status).toBe(404);
    });

    it('is laxer than the RFC: it replaces what is absent, copies it as null and counts from the end of an array', async () => {
      const { metadata } = await patch(
        { op: 'replace', path: '/metadata/labels/b', value: '2' },
        { op: 'copy', from: '/metadata/labels/c', path: '/metadata/labels/d' },
        { op: 'remove', path: '/metadata/finalizers/-1' },
      );
      expect(metadata?.labels).toEqual({ a: '1', b: '2', d: '' });
      expect(metadata?.finalizers).toEqual(['a.b/1']);
    });

    it('does not touch the status unless it goes to the status', async () => {
      const { status } = await patch({ op: 'add', path: '/status/message', value: 'hi' }, label('yes'));
      expect(status?.message).toBeUndefined();
    });

    it('gives no new resourceVersion where nothing changes', async () => {
      const before = await target().client.get(PODS, target().key(NAME));
      const after = await patch({ op: 'replace', path: '/metadata/labels/a', value: '1' });
      expect(after.metadata?.resourceVersion).toBe(before.metadata?.resourceVersion);
    });
  });

  describe('merge patch', () => {
    it('merges objects, removes with null and replaces everything else', async () => {
      const { metadata } = await merge({ metadata: { labels: { a: null, b: '2' }, finalizers: ['a.b/9'] } });
      expect(metadata?.labels).toEqual({ b: '2' });
      expect(metadata?.annotations).toEqual({ 'x.y/z': 't~' });
      expect(metadata?.finalizers).toEqual(['a.b/9']);
    });

    it('is refused with a resourceVersion that is not the newest: 409', async () => {
      const error = await refusal(merge({ metadata: { resourceVersion: '1', labels: { b: '2' } } }));
      expect(error.status).toBe(409);
      expect(error.reason).toBe('Conflict');
    });

    it('is accepted with the newest resourceVersion', async () => {
      const { metadata } = await target().client.get(PODS, target().key(NAME));
      const patched = await merge({ metadata: { resourceVersion: metadata?.resourceVersion, labels: { b: '2' } } });
      expect(patched.metadata?.labels).toEqual({ a: '1', b: '2' });
    });

    it('is refused with another uid: 422 that names it', async () => {
      expect((await refusal(merge({ metadata: { uid: 'another' } }))).fields).toContain('metadata.uid');
    });

    it.each([
      { what: 'an array', body: '[]' },
      { what: 'null', body: 'null' },
      { what: 'JSON that is cut off', body: '{' },
    ])('is refused as $what: 400', async ({ body }) => {
      const answer = await target().raw('PATCH', target().podPath(NAME), {
        body,
        headers: { 'content-type': 'application/merge-patch+json' },
      });
      expect(answer.status).toBe(400);
    });
  });

  describe('strategic merge patch', () => {
    it('merges conditions by their type', async () => {
      const send = (conditions: object[]): ReturnType<ReturnType<typeof target>['raw']> =>
        target().raw('PATCH', target().podPath(NAME, 'status'), {
          body: { status: { conditions } },
          headers: { 'content-type': 'application/strategic-merge-patch+json' },
        });
      await send([
        { type: 'Ready', status: 'False' },
        { type: 'Other', status: 'True' },
      ]);
      const { json } = await send([{ type: 'Ready', status: 'True' }]);
      expect((json as Pod).status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
        'Ready True',
        'Other True',
      ]);
    });
  });

  it('is refused in any other media type: 415', async () => {
    const answer = await target().raw('PATCH', target().podPath(NAME), { body: { metadata: { labels: { b: '2' } } } });
    expect(answer.status).toBe(415);
    expect(answer.json.reason).toBe('UnsupportedMediaType');
  });
});
