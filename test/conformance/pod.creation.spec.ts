import { PODS } from '@warmbox/kube';
import type { Pod } from '@warmbox/sandbox';
import { refusal, useTarget } from './target.js';

describe('creation of pods', () => {
  const target = useTarget();

  it('knows the priority classes that every cluster has, and refuses others', async () => {
    const { spec } = await target().createPod('critical', { spec: { priorityClassName: 'system-node-critical' } });
    expect(spec).toMatchObject({ priority: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' });
    const error = await refusal(target().createPod('no-such', { spec: { priorityClassName: 'no-such' } }));
    expect([error.status, error.reason, error.body.message]).toEqual([
      403,
      'Forbidden',
      'pods "no-such" is forbidden: no PriorityClass with name no-such was found',
    ]);
  });

  it('fills in what the server says and what the client left out', async () => {
    const created = await target().createPod('filled', {
      labels: { a: 'b' },
      spec: {
        schedulerName: undefined,
        restartPolicy: 'Never',
        terminationGracePeriodSeconds: 2,
        runtimeClassName: target().runtimeClass,
        containers: [
          {
            name: 'main',
            image: 'none:1',
            ports: [{ name: 'executor', containerPort: 8666 }],
            env: [{ name: 'A', value: '$$(B)' }],
            resources: { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: '1.5', memory: '2048Mi' } },
            readinessProbe: { httpGet: { path: '/healthz', port: 'executor' }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
          },
        ],
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1024Mi' } }],
      },
    });
    expect(created).toMatchObject({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'filled',
        namespace: target().namespace,
        uid: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        resourceVersion: expect.stringMatching(/^[1-9]\d*$/) as unknown,
        generation: 1,
        creationTimestamp: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/) as unknown,
        labels: { a: 'b' },
      },
      spec: {
        restartPolicy: 'Never',
        dnsPolicy: 'ClusterFirst',
        schedulerName: 'default-scheduler',
        serviceAccountName: 'default',
        terminationGracePeriodSeconds: 2,
        runtimeClassName: target().runtimeClass,
        enableServiceLinks: true,
        automountServiceAccountToken: false,
        volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1Gi' } }],
        containers: [
          {
            ports: [{ name: 'executor', containerPort: 8666, protocol: 'TCP' }],
            env: [{ name: 'A', value: '$$(B)' }],
            resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1500m', memory: '2Gi' } },
            imagePullPolicy: 'IfNotPresent',
            readinessProbe: {
              httpGet: { path: '/healthz', port: 'executor', scheme: 'HTTP' },
              periodSeconds: 1,
              timeoutSeconds: 1,
              successThreshold: 1,
              failureThreshold: 3,
            },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
      status: { phase: 'Pending', qosClass: 'Burstable' },
    });
    expect(created.metadata?.deletionTimestamp).toBeUndefined();
  });

  it('takes no word of the client for uid, creation time, generation and status', async () => {
    const pod = target().pod('claims-much');
    const created = await target().client.create(PODS, target().namespace, {
      ...pod,
      metadata: { ...pod.metadata, uid: 'mine', creationTimestamp: '2020-01-01T00:00:00Z', generation: 9 },
      status: { phase: 'Running', podIP: '10.0.0.1' },
    });
    expect(created.metadata?.uid).not.toBe('mine');
    expect(created.metadata?.creationTimestamp).not.toBe('2020-01-01T00:00:00Z');
    expect(created.metadata?.generation).toBe(1);
    expect(created.status).toEqual({ phase: 'Pending', qosClass: 'BestEffort' });
  });

  it('makes names from generateName, each another one', async () => {
    const create = (): Promise<Pod> =>
      target().client.create(PODS, target().namespace, {
        ...target().pod(''),
        metadata: { generateName: 'generated-' },
      });
    const names = (await Promise.all([create(), create()])).map(({ metadata }) => metadata?.name);
    expect(names).toEqual([expect.stringMatching(/^generated-[a-z0-9]{5}$/), expect.stringMatching(/^generated-/)]);
    expect(new Set(names).size).toBe(2);
  });

  it('writes nothing in a dry run', async () => {
    const answer = await target().raw('POST', `${target().podPath()}?dryRun=All`, { body: target().pod('dry-run') });
    expect(answer.status).toBe(201);
    expect((await refusal(target().client.get(PODS, target().key('dry-run')))).status).toBe(404);
  });

  it('refuses a name that is taken: 409 AlreadyExists', async () => {
    await target().createPod('taken');
    const error = await refusal(target().createPod('taken'));
    expect(error.status).toBe(409);
    expect(error.body).toMatchObject({
      kind: 'Status',
      status: 'Failure',
      reason: 'AlreadyExists',
      message: 'pods "taken" already exists',
      details: { name: 'taken', kind: 'pods' },
      code: 409,
    });
  });

  it('refuses a namespace that does not exist: 404 that names the namespace', async () => {
    const pod = target().pod('homeless');
    const error = await refusal(
      target().client.create(PODS, 'no-such-namespace', {
        ...pod,
        metadata: { ...pod.metadata, namespace: undefined },
      }),
    );
    expect(error.status).toBe(404);
    expect(error.body.details).toEqual({ name: 'no-such-namespace', kind: 'namespaces' });
  });

  it('refuses a namespace in the body that is not the path’s: 400', async () => {
    const pod = target().pod('elsewhere');
    const body = { ...pod, metadata: { ...pod.metadata, namespace: 'default' } };
    expect((await refusal(target().client.create(PODS, target().namespace, body))).status).toBe(400);
  });

  it('refuses a RuntimeClass that does not exist: 403 in the words of its admission', async () => {
    const error = await refusal(target().createPod('classless', { spec: { runtimeClassName: 'no-such-class' } }));
    expect(error.status).toBe(403);
    expect(error.reason).toBe('Forbidden');
    expect(error.body.message).toBe(
      'pods "classless" is forbidden: pod rejected: RuntimeClass "no-such-class" not found',
    );
    expect(error.body.details).toEqual({ name: 'classless', kind: 'pods' });
  });

  it('refuses a resourceVersion', async () => {
    const pod = target().pod('versioned');
    const body = { ...pod, metadata: { ...pod.metadata, resourceVersion: '5' } };
    const error = await refusal(target().client.create(PODS, target().namespace, body));
    expect(error.body.message).toBe('resourceVersion should not be set on objects to be created');
  });

  it.each<{ what: string; change: (pod: Pod) => object; fields: string[] }>([
    { what: 'a name that is none', change: () => ({ metadata: { name: 'A_b' } }), fields: ['metadata.name'] },
    { what: 'no name', change: () => ({ metadata: {} }), fields: ['metadata.name'] },
    {
      what: 'a name of 254 characters',
      change: () => ({ metadata: { name: 'n'.repeat(254) } }),
      fields: ['metadata.name'],
    },
    {
      what: 'a label key with a space',
      change: () => ({ metadata: { name: 'x', labels: { 'a b': 'c' } } }),
      fields: ['metadata.labels'],
    },
    {
      what: 'a label value of 64 characters and one with a space',
      change: () => ({ metadata: { name: 'x', labels: { a: 'x'.repeat(64), b: 'v v' } } }),
      fields: ['metadata.labels', 'metadata.labels'],
    },
    {
      what: 'an annotation key with a space',
      change: () => ({ metadata: { name: 'x', annotations: { 'a b': 'c' } } }),
      fields: ['metadata.annotations'],
    },
    {
      what: 'annotations of more than 256 KiB',
      change: () => ({ metadata: { name: 'x', annotations: { a: 'x'.repeat(262_144) } } }),
      fields: ['metadata.annotations'],
    },
    { what: 'no spec', change: () => ({ spec: undefined }), fields: ['spec.containers'] },
    { what: 'no container', change: () => ({ spec: { containers: [] } }), fields: ['spec.containers'] },
    {
      what: 'a container without image',
      change: () => ({ spec: { containers: [{ name: 'c' }] } }),
      fields: ['spec.containers[0].image'],
    },
    {
      what: 'a container without name',
      change: () => ({ spec: { containers: [{ image: 'c' }] } }),
      fields: ['spec.containers[0].name'],
    },
    {
      what: 'two containers of one name and a port out of range',
      change: () => ({
        spec: {
          containers: [
            { name: 'c', image: 'i', ports: [{ containerPort: 70_000 }] },
            { name: 'c', image: 'i' },
          ],
        },
      }),
      fields: ['spec.containers[0].ports[0].containerPort', 'spec.containers[1].name'],
    },
    {
      what: 'a restart policy that there is not',
      change: ({ spec }) => ({ spec: { ...spec, restartPolicy: 'Sometimes' } }),
      fields: ['spec.restartPolicy'],
    },
    {
      what: 'requests above limits',
      change: () => ({
        spec: {
          containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2' }, limits: { cpu: '1500m' } } }],
        },
      }),
      fields: ['spec.containers[0].resources.requests'],
    },
    {
      what: 'a negative request',
      change: () => ({ spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '-2' } } }] } }),
      fields: ['spec.containers[0].resources.requests[cpu]'],
    },
    {
      what: 'variables whose names are none',
      change: () => ({
        spec: { containers: [{ name: 'c', image: 'i', env: [{ name: 'a=b' }, { name: '' }] }] },
      }),
      fields: ['spec.containers[0].env[0].name', 'spec.containers[0].env[1].name'],
    },
    {
      what: 'a mount of no volume',
      change: () => ({
        spec: { containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }] },
      }),
      fields: ['spec.containers[0].volumeMounts[0].name'],
    },
  ])('refuses $what: 422 that names the field', async ({ change, fields }) => {
    const pod = target().pod('x');
    const error = await refusal(target().client.create(PODS, target().namespace, { ...pod, ...change(pod) }));
    expect(error.status).toBe(422);
    expect(error.reason).toBe('Invalid');
    expect(error.fields.sort()).toEqual(fields);
    expect(error.body.details).toMatchObject({ kind: 'Pod' });
  });

  it.each<{ what: string; body: string | object }>([
    { what: 'JSON that is cut off', body: '{"a":' },
    { what: 'nothing', body: '' },
    { what: 'an array', body: '[]' },
    { what: 'a string', body: '"pod"' },
    { what: 'another kind', body: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'x' } } },
    { what: 'a version that there is not', body: { kind: 'Pod', apiVersion: 'v2', metadata: { name: 'x' } } },
    { what: 'a label that is a number', body: { metadata: { name: 'x', labels: { a: 1 } } } },
    { what: 'text where a number belongs', body: { metadata: { name: 'x' }, spec: { activeDeadlineSeconds: 'x' } } },
    {
      what: 'a quantity that is none',
      body: {
        metadata: { name: 'x' },
        spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '2x' } } }] },
      },
    },
  ])('refuses $what for a body: 400', async ({ body }) => {
    const answer = await target().raw('POST', target().podPath(), {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', reason: 'BadRequest', code: 400 });
  });

  it('leaves unknown fields out, and refuses them only where asked to be strict', async () => {
    const pod = target().pod('unknown-field');
    const body = { ...pod, spec: { ...pod.spec, foo: 1 } };
    const strict = await target().raw('POST', `${target().podPath()}?fieldValidation=Strict`, { body });
    expect(strict.status).toBe(400);
    expect(strict.json.message).toContain('unknown field "spec.foo"');
    const lax = await target().raw('POST', target().podPath(), { body });
    expect(lax.status).toBe(201);
    expect(lax.json.spec).not.toHaveProperty('foo');
  });
});
