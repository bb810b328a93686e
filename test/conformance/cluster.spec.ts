import { randomBytes } from 'node:crypto';
import { CONFIG_MAPS, NAMESPACES, NODES, PODS, RUNTIME_CLASSES } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { hasFailed, hasSucceeded, orError, waitFor } from '@warmbox/testing';
import { refusal, useTarget } from './target.js';

describe('namespaces, nodes and runtime classes', () => {
  const target = useTarget();
  const unique = (): string => `conformance-${randomBytes(4).toString('hex')}`;

  it('have a namespace that is active and labelled with its name', async () => {
    const { namespace } = target();
    expect(await target().client.get(NAMESPACES, { name: namespace })).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': namespace } },
      status: { phase: 'Active' },
    });
    const { items } = await target().client.list(NAMESPACES, undefined);
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(expect.arrayContaining(['default', namespace]));
  });

  it('refuse a namespace that there is (409) or whose name is none (422)', async () => {
    const create = (name: string): Promise<unknown> =>
      target().client.create(NAMESPACES, undefined, { metadata: { name } });
    expect((await refusal(create(target().namespace))).reason).toBe('AlreadyExists');
    expect((await refusal(create('a.b'))).fields).toEqual(['metadata.name']);
  });

  it('empty a namespace that is deleted, take nothing new into it, and then remove it', async () => {
    const name = unique();
    const { client } = target();
    await client.create(NAMESPACES, undefined, { metadata: { name } });
    await client.create(CONFIG_MAPS, name, { metadata: { name: 'content', finalizers: ['a.b/c'] } });
    await client.delete(NAMESPACES, { name });
    const late = (): Promise<unknown> =>
      orError(client.create(CONFIG_MAPS, name, { metadata: { generateName: 'late-' } }));
    const error = await waitFor('the namespace terminates', late, hasFailed);
    expect(error).toMatchObject({ status: 403, body: { reason: 'Forbidden' } });
    await client.patchMerge(CONFIG_MAPS, { namespace: name, name: 'content' }, { metadata: { finalizers: null } });
    await waitFor('the namespace is gone', () => orError(client.get(NAMESPACES, { name })), hasFailed);
  });

  it('keep a node’s status apart from the rest', async () => {
    const { client, node } = target();
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:00Z' }];
    const status = { capacity: { cpu: '2000m', memory: '1024Mi' }, conditions };
    const patched = await client.patchMerge(NODES, { name: node }, { status }, { subresource: 'status' });
    expect(patched.status).toMatchObject({
      capacity: { cpu: '2', memory: '1Gi' },
      conditions: expect.arrayContaining([expect.objectContaining(conditions[0])]) as unknown,
    });
    expect((await client.get(NODES, { name: node })).status?.capacity).toEqual({ cpu: '2', memory: '1Gi' });
  });

  it('give a pod the overhead of its RuntimeClass', async () => {
    const name = unique();
    const overhead = { podFixed: { memory: '1024Mi' } };
    await target().client.create(RUNTIME_CLASSES, undefined, { metadata: { name }, handler: 'x', overhead });
    const heavy = (): Promise<Pod | Error> =>
      orError(target().createPod('heavy', { spec: { runtimeClassName: name } }));
    const pod = await waitFor('admission knows the class', heavy, hasSucceeded);
    expect(pod.spec?.overhead).toEqual({ memory: '1Gi' });
    await target().client.delete(RUNTIME_CLASSES, { name });
    expect((await target().client.get(PODS, target().key('heavy'))).spec?.runtimeClassName).toBe(name);
  });

  it('refuse a RuntimeClass without a handler: 422', async () => {
    const create = target().client.create(RUNTIME_CLASSES, undefined, { metadata: { name: unique() }, handler: '' });
    expect((await refusal(create)).fields).toEqual(['handler']);
  });
});
