import { PODS, PodStore, KubeClient, type PodChange } from '@warmbox/kube';
import { isSandbox, LABEL, MANAGED_BY, SANDBOX_SELECTOR, type Pod } from '@warmbox/sandbox';
import { TcpProxy, waitFor } from '@warmbox/testing';
import fc from 'fast-check';
import { useTarget } from './target.js';

/** One step of a history: what is done, and a number that picks the pod that it is done to. */
const STEPS = ['create', 'create', 'label', 'status', 'delete', 'confirm', 'cut', 'hold', 'compact', 'answer'] as const;
type Step = [(typeof STEPS)[number], number];

/** Checks that changes, told in order, are those of a store: nothing comes twice, goes back, or returns from the dead. */
class Audience {
  readonly pods = new Map<string, Pod>();
  private readonly ended = new Set<string>();
  readonly complaints: string[] = [];

  hear({ type, pod, previous }: PodChange): void {
    const { name = '', uid = '', resourceVersion } = pod.metadata ?? {};
    const known = this.pods.get(name);
    const complain = (why: string): void =>
      void this.complaints.push(`${type} ${name}@${resourceVersion ?? ''}: ${why}`);
    if (this.ended.has(uid)) complain('it had ended');
    if ((type === 'added') !== (known === undefined)) complain('known or not');
    if (previous !== known) complain('not what was before');
    if (type === 'modified' && !(Number(resourceVersion) > Number(known?.metadata?.resourceVersion))) complain('older');
    if (type === 'deleted') this.ended.add(uid);
    if (type === 'deleted') this.pods.delete(name);
    else this.pods.set(name, pod);
  }
}

describe('the pod store', () => {
  const target = useTarget();
  let proxy: TcpProxy;
  let runs = 0;

  beforeAll(async () => {
    proxy = await TcpProxy.start(target().address);
  });
  afterAll(async () => {
    await proxy.stop();
  });

  async function play(steps: Step[]): Promise<void> {
    const run = (runs += 1);
    const { client, namespace } = target();
    const through = await target().connectThrough(proxy.port);
    const store = new PodStore(new KubeClient(through), {
      namespace,
      pageSize: 5,
      roundSeconds: 2,
      roundJitterSeconds: 1,
      stallGraceMs: 500,
      retryInitialMs: 1,
      retryMaxMs: 50,
    });
    const audience = new Audience();
    store.subscribe((change) => audience.hear(change));
    store.start();
    await store.synced;
    const alive: string[] = [];
    const all = ['never'];
    const answers: Pod[] = [];
    let created = 0;
    let held = false;
    const answered = (pod: Pod): void => void answers.push(pod);
    for (const [step, pick] of steps) {
      const name = alive[pick % alive.length];
      const key = target().key(name ?? '');
      if (step === 'create') {
        const fresh = `pod-${run}-${(created += 1)}`;
        answered(
          await target().createPod(fresh, { labels: { [LABEL.managedBy]: MANAGED_BY, [LABEL.runtime]: 'kata' } }),
        );
        alive.push(fresh);
        all.push(fresh);
      } else if (step === 'label' && name !== undefined) {
        answered(await client.patchMerge(PODS, key, { metadata: { labels: { pick: String(pick) } } }));
      } else if (step === 'status' && name !== undefined) {
        const condition = { type: 'Ready', status: pick % 2 === 0 ? 'True' : 'False' };
        const patch = { status: { conditions: [{ ...condition, lastTransitionTime: '2026-01-01T00:00:00Z' }] } };
        answered(await client.patchMerge(PODS, key, patch, { subresource: 'status' }));
      } else if (step === 'delete' && name !== undefined) {
        const last = await client.delete(PODS, key, { gracePeriodSeconds: 0 });
        if (last.kind === 'Pod') answered(last as Pod);
        alive.splice(alive.indexOf(name), 1);
      } else if (step === 'answer' && answers.length > 0) {
        // Answers reach the store late and in any order, or never.
        for (const pod of answers.splice(pick % answers.length, 1 + (pick % 3))) store.put(pod);
      } else if (step === 'confirm' && !held) {
        const asked = all[pick % all.length]!;
        const found = await store.confirm(asked).catch(() => 'no answer' as const);
        if (found !== 'no answer') expect([asked, found !== undefined]).toEqual([asked, alive.includes(asked)]);
      } else if (step === 'cut') {
        proxy.cut();
      } else if (step === 'hold') {
        held = !held;
        if (held) proxy.hold();
        else proxy.release();
      } else if (step === 'compact') {
        target().compact();
      }
    }
    proxy.release();
    const truth = await client.list(PODS, namespace, { labelSelector: SANDBOX_SELECTOR });
    const versions = (pods: Iterable<Pod>): string[] =>
      [...pods]
        .map(({ metadata }) => `${metadata?.name ?? ''} ${metadata?.uid ?? ''}@${metadata?.resourceVersion ?? ''}`)
        .sort();
    try {
      await waitFor('the store converges', () => String(versions(store.list())), String(versions(truth.items)));
    } catch {
      expect(versions(store.list())).toEqual(versions(truth.items));
    }
    expect(truth.items.every(isSandbox)).toBe(true);
    expect(audience.complaints).toEqual([]);
    expect(versions(audience.pods.values())).toEqual(versions(truth.items));
    expect(store.isCurrent()).toBe(true);
    await store.stop();
    await through.close();
    for (const name of alive) await target().removePod(name);
  }

  it('has what the server has after any history of writes, late answers, cuts, stalls and compactions', async () => {
    const step = fc.tuple(fc.constantFrom(...STEPS), fc.nat(1000));
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), play), {
      numRuns: 30,
      interruptAfterTimeLimit: 60_000,
      markInterruptAsFailure: false,
    });
  }, 120_000);
});
