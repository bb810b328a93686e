import { randomUUID } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LEASES, NAMESPACES, NODES, PODS, silentLog, type KubeClient } from '@warmbox/kube';
import { systemClock } from '@warmbox/platform';
import { conditionOf } from '@warmbox/sandbox';
import { bundle, CHECKOUT } from './fixtures/bundle.js';
import { openCluster, type SpecCluster } from './fixtures/cluster.js';
import { ask, isReadyPod, keyOf, SpecPods } from './fixtures/pods.js';
import { isEmpty, waitFor } from '@warmbox/testing';
import { processesWith } from './fixtures/processes.js';
import { ISOLATIONS, type IsolationName } from './isolation/isolation.js';
import { KubeletMachine } from './kubelet.machine.js';
import { type KubeletOptions } from './kubelet.options.js';
import { Kubelet } from './kubelet.js';
import { PodNetwork } from './network/pod.network.js';

const EXECUTOR = join(import.meta.dirname, 'fixtures/executor.mjs');
const namespace = `kubelet-${randomUUID().slice(0, 8)}`;
const nodeName = namespace;
const options: KubeletOptions = {
  nodeName,
  namespace,
  bind: true,
  executorCommand: [process.execPath, EXECUTOR],
};

const isolations: IsolationName[] = [];
for (const name of ISOLATIONS) {
  const machine = await KubeletMachine.open(name, silentLog).catch(() => undefined);
  if (machine !== undefined) isolations.push(name);
  await machine?.close();
}

let cluster: SpecCluster;
let client: KubeClient;
let machine: KubeletMachine;
let pods: SpecPods;
let kubelet: Kubelet;

beforeAll(async () => {
  cluster = await openCluster();
  client = cluster.client;
  pods = new SpecPods(client, namespace);
  await client.create(NAMESPACES, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  machine = await KubeletMachine.open('plain', silentLog);
  kubelet = new Kubelet(client, machine, options, systemClock, silentLog);
  await kubelet.start();
});

afterAll(async () => {
  await kubelet.stop();
  await machine.close();
  await client.delete(NAMESPACES, { name: namespace });
  await client.delete(NODES, { name: nodeName });
  await cluster.close();
});

describe('a node', () => {
  it('is registered as Ready with its capacity', async () => {
    const node = await client.get(NODES, { name: nodeName });
    expect(node.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'True' });
    expect(Number(node.status?.capacity?.cpu)).toBeGreaterThan(0);
    expect(node.status?.addresses).toContainEqual({ type: 'InternalIP', address: '127.0.0.1' });
  });

  it('has a lease that it holds', async () => {
    const lease = await client.get(LEASES, { namespace: 'kube-node-lease', name: nodeName });
    expect(lease.spec).toMatchObject({ holderIdentity: nodeName, leaseDurationSeconds: 40 });
    expect(lease.metadata?.ownerReferences).toMatchObject([{ kind: 'Node', name: nodeName }]);
  });
});

describe('a pod', () => {
  it('is bound, runs, is reachable under its own address and becomes Ready', async () => {
    const pod = await pods.ready();
    expect(pod.spec?.nodeName).toBe(nodeName);
    expect(pod.status).toMatchObject({ phase: 'Running', hostIP: '127.0.0.1' });
    expect(pod.status?.containerStatuses).toMatchObject([{ ready: true, started: true, state: { running: {} } }]);
    expect(Object.fromEntries((pod.status?.conditions ?? []).map(({ type, status }) => [type, status]))).toEqual({
      PodScheduled: 'True',
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      ContainersReady: 'True',
      Ready: 'True',
    });
    expect(await ask(pod, 'GET', '/healthz')).toMatchObject({ status: 200 });
    const other = await pods.ready();
    expect(other.status?.podIP).not.toBe(pod.status?.podIP);
  });

  it('gets its variables, expanded', async () => {
    const pod = await pods.ready({
      env: [
        { name: 'A', value: 'a$$b' },
        { name: 'B', value: '<$(A)>' },
      ],
    });
    const environment = JSON.parse((await ask(pod, 'GET', '/environment')).body) as Record<string, string>;
    expect(environment).toMatchObject({ A: 'a$b', B: '<a$b>', HOSTNAME: pod.metadata?.name });
  });

  it('refuses connections until its executor answers', async () => {
    const pod = await pods.create({ env: [{ name: 'DELAY_MS', value: '1500' }] });
    const running = await pods.waitFor(pod, ({ status }) => status?.phase === 'Running');
    await expect(ask(running, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const ready = await pods.waitFor(pod, isReadyPod);
    expect(await ask(ready, 'GET', '/healthz')).toMatchObject({ status: 200 });
  });

  it('runs without being Ready while its probe fails, and stops being Ready when it begins to', async () => {
    const sick = await pods.create({ env: [{ name: 'UNHEALTHY', value: '1' }] });
    const pod = await pods.ready();
    await ask(pod, 'POST', '/sick');
    const unready = await pods.waitFor(pod, (now) => !isReadyPod(now));
    expect(unready.status?.phase).toBe('Running');
    expect(conditionOf(unready, 'Ready')).toMatchObject({ status: 'False', reason: 'ContainersNotReady' });
    const still = await pods.get(sick);
    expect(still.status?.phase).toBe('Running');
    expect(isReadyPod(still)).toBe(false);
  });

  it.each([
    [0, 'Succeeded', 'Completed', 'PodCompleted'],
    [3, 'Failed', 'Error', 'PodFailed'],
  ])('that exits with %i is %s', async (exitCode, phase, reason, ready) => {
    const pod = await pods.ready();
    await ask(pod, 'POST', '/exit', String(exitCode));
    const ended = await pods.waitFor(pod, ({ status }) => status?.phase === phase);
    expect(ended.status?.containerStatuses).toMatchObject([
      { ready: false, state: { terminated: { exitCode, reason } } },
    ]);
    expect(conditionOf(ended, 'Ready')).toMatchObject({ status: 'False', reason: ready });
    await expect(ask(ended, 'GET', '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await pods.delete(pod);
    await pods.gone(pod);
  });

  it('whose image is unknown stays Pending, says so, and can be deleted', async () => {
    const pod = await pods.create({ image: 'example.org/unknown:1' });
    const waiting = await pods.waitFor(
      pod,
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ErrImagePull',
    );
    expect(waiting.status?.phase).toBe('Pending');
    expect(waiting.status?.containerStatuses?.[0]?.state?.waiting?.message).toContain('example.org/unknown:1');
    await pods.delete(pod);
    await pods.gone(pod);
  });

  it('is deleted gracefully: its whole tree ends, then its object and its files go', async () => {
    const pod = await pods.ready();
    const { sleeper, home } = await pods.startSleepers(pod);
    await pods.delete(pod);
    await pods.gone(pod);
    expect(processesWith(sleeper)).toEqual([]);
    expect(existsSync(home)).toBe(false);
  });

  it('that ignores SIGTERM is ended by force when its grace is over', async () => {
    const pod = await pods.ready({ env: [{ name: 'IGNORE_SIGTERM', value: '1' }] });
    const { sleeper } = await pods.startSleepers(pod);
    await pods.delete(pod, 1);
    await pods.gone(pod);
    expect(processesWith(sleeper)).toEqual([]);
  });

  it('that is deleted by force is ended too', async () => {
    const pod = await pods.ready({ env: [{ name: 'IGNORE_SIGTERM', value: '1' }] });
    const { sleeper } = await pods.startSleepers(pod);
    await pods.delete(pod, 0);
    await waitFor('no process of the pod', () => processesWith(sleeper), isEmpty);
  });

  it('that is deleted at once after its creation leaves nothing', async () => {
    const several = await Promise.all(Array.from({ length: 5 }, () => pods.create()));
    await Promise.all(several.map((pod) => pods.delete(pod)));
    await Promise.all(several.map((pod) => pods.gone(pod)));
  });

  it('of another node is left alone', async () => {
    const pod = await pods.create({ nodeName: 'another' });
    await pods.ready();
    const { status } = await pods.get(pod);
    expect(status?.startTime).toBeUndefined();
    await pods.delete(pod, 0);
  });
});

describe('a kubelet that comes back', () => {
  it('says of the pods of its predecessor that they have failed, and lets them be deleted', async () => {
    const { podsFolder } = machine;
    const pod = await pods.ready();
    const before = readdirSync(podsFolder).length;
    await kubelet.stop();
    expect(before).toBeGreaterThan(0);
    expect(readdirSync(podsFolder)).toEqual([]);
    const running = { phase: 'Running', startTime: '2026-11-24T09:30:00Z' };
    const left = await pods.create({ nodeName });
    await client.patchMerge(PODS, keyOf(left), { status: running }, { subresource: 'status' });
    kubelet = new Kubelet(client, machine, options, systemClock, silentLog);
    await kubelet.start();
    const failed = await pods.waitFor(left, ({ status }) => status?.phase === 'Failed');
    expect(failed.status?.containerStatuses).toMatchObject([
      { state: { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } } },
    ]);
    expect((await pods.get(pod)).status?.phase).toBe('Succeeded');
    for (const each of [pod, left]) {
      await pods.delete(each);
      await pods.gone(each);
    }
  });
});

describe('a machine with one loopback address', () => {
  it('gives every pod a port of its own', async () => {
    const network = PodNetwork.ofPorts();
    const single = await KubeletMachine.open('plain', silentLog, () => Promise.resolve(network));
    const node = `${nodeName}-ports`;
    const second = new Kubelet(client, single, { ...options, nodeName: node, bind: false }, systemClock, silentLog);
    await second.start();
    const [one, other] = await Promise.all(
      [1, 2].map(() => pods.ready({ nodeName: node }, (pod) => network.admit(pod))),
    );
    expect(one!.status?.podIP).toBe('127.0.0.1');
    expect(await ask(one!, 'GET', '/healthz')).toMatchObject({ status: 200 });
    await ask(other!, 'POST', '/exit', '0');
    await pods.waitFor(other!, ({ status }) => status?.phase === 'Succeeded');
    expect(await ask(one!, 'GET', '/healthz')).toMatchObject({ status: 200 });
    await second.stop();
    await single.close();
    await client.delete(NODES, { name: node });
  });
});

describe('hollow pods', () => {
  it('become Ready after their delay without a process, and go when they are deleted', async () => {
    await kubelet.stop();
    kubelet = new Kubelet(client, machine, { ...options, hollow: { readyAfterMs: 50 } }, systemClock, silentLog);
    await kubelet.start();
    const several = await Promise.all(Array.from({ length: 20 }, () => pods.create()));
    for (const pod of several) await pods.waitFor(pod, isReadyPod);
    expect(readdirSync(machine.podsFolder)).toEqual([]);
    await Promise.all(several.map((pod) => pods.delete(pod)));
    for (const pod of several) await pods.gone(pod);
  });
});

describe('a kubelet that is killed', () => {
  it.each(isolations)('leaves no process and no file behind: %s', async (isolation) => {
    const node = `killed-${randomUUID().slice(0, 8)}`;
    const child = spawn(process.execPath, ['--input-type=module', '-', node, namespace, isolation, EXECUTOR], {
      cwd: CHECKOUT,
      env: { ...process.env, NODE_OPTIONS: '', ...cluster.environment },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const exited = once(child, 'exit');
    try {
      child.stdin.end(await bundle(join(import.meta.dirname, 'fixtures/kubelet.main.ts')));
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const folder = line.toString().trim();
      const pod = await pods.ready({ nodeName: node, env: [{ name: 'IGNORE_SIGTERM', value: '1' }] });
      const sleeper = await pods.startSleepers(pod, isolation !== 'gvisor');
      expect(existsSync(folder)).toBe(true);
      child.kill('SIGKILL');
      await waitFor('the folder is removed', () => existsSync(folder), false);
      expect(processesWith(sleeper.sleeper)).toEqual([]);
      expect(processesWith(pod.metadata?.uid ?? '')).toEqual([]);
      await pods.delete(pod, 0);
    } finally {
      child.kill('SIGKILL');
      await exited;
      await client.delete(NODES, { name: node });
    }
  });
});
