import type { CreateSandboxDto } from '@warmbox/dto';
import { ANNOTATION, type Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import type { KeyScope } from '../idempotency/idempotency.key.js';
import type { KeyedRequests } from '../idempotency/keyed.requests.js';
import type { KeyedWork } from '../idempotency/keyed.work.js';
import type { Creation } from './creation.js';
import { Creations } from './creations.js';
import type { SandboxCreator } from './sandbox.creator.js';
import type { SandboxEnder } from '../sandboxes/sandbox.ender.js';
import type { SandboxFinder } from '../sandboxes/sandbox.finder.js';

describe('Creations', () => {
  const BODY: CreateSandboxDto = { environmentVariables: { A: '1' } };
  const KEY = { principal: 'p', key: 'k' };
  const left = new AbortController().signal;
  let created: object[];
  let bound: [string | undefined, CreateSandboxDto][];
  let keyed: { scope: KeyScope; body: object; work: KeyedWork<Creation> } | undefined;
  let discarded: unknown[];
  let creations: Creations;

  beforeEach(() => {
    created = [];
    bound = [];
    discarded = [];
    keyed = undefined;
    creations = new Creations(
      {
        create: (_: string, __: object, waiting: object) => Promise.resolve(void created.push(waiting)),
      } as unknown as SandboxCreator,
      {
        run: (scope: KeyScope, body: object, work: KeyedWork<Creation>) =>
          Promise.resolve(void (keyed = { scope, body, work })),
      } as unknown as KeyedRequests,
      {} as SandboxFinder,
      {
        discard: ({ metadata }: Pod) => Promise.resolve(void discarded.push(metadata?.name)),
      } as unknown as SandboxEnder,
      {
        bind: (pod: ReturnType<typeof aPod>, body: CreateSandboxDto) =>
          Promise.resolve(void bound.push([pod.metadata?.name, body])),
      },
    );
  });

  async function workWithKey(): Promise<KeyedWork<Creation>> {
    await creations.create('kata', BODY, { left }, KEY);
    return keyed!.work;
  }

  it('go straight on without a key', async () => {
    await creations.create('kata', BODY, { left });
    expect([created, keyed]).toEqual([[{ left }], undefined]);
  });

  it('are known by principal, route, runtime and key where they have one', async () => {
    await workWithKey();
    expect(keyed).toMatchObject({ scope: { ...KEY, route: 'create', runtime: 'kata' }, body: BODY });
    expect(created).toEqual([]);
  });

  it('give a sandbox that was warm its variables again, and none that is not ready before it has them', async () => {
    const { mend } = await workWithKey();
    const made = aPod({ name: 'made' });
    await mend(made);
    await mend(aPod({ name: 'claimed', annotations: { [ANNOTATION.claimId]: 'c' } }));
    expect(bound).toEqual([['claimed', BODY]]);
  });

  it('take over what becomes ready, and nothing that has ended or is being deleted', async () => {
    const { isUsable } = await workWithKey();
    expect([aPod(), aPod({ ready: false }), aPod({ ready: true })].map(isUsable)).toEqual([true, true, true]);
    const dead = [aPod({ phase: 'Failed' }), aPod({ ready: true, deletedAt: '2026-01-01T00:00:00Z' })];
    expect(dead.map(isUsable)).toEqual([false, false]);
  });

  it('give back what is of no use', async () => {
    const { discard } = await workWithKey();
    await discard(aPod({ name: 'spare' }));
    expect(discarded).toEqual(['spare']);
  });
});
