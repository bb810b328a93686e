import type { CreateSandboxDto } from '@warmbox/dto';
import { ANNOTATION, nameOf } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import type { KeyScope } from '../idempotency/idempotency.key.js';
import type { KeyedWork } from '../idempotency/keyed.work.js';
import type { Creation } from './creation.js';
import { Creations } from './creations.js';

describe('Creations', () => {
  const BODY: CreateSandboxDto = { environmentVariables: { A: '1' } };
  const KEY = 'k';
  const disconnected = new AbortController().signal;
  let created: unknown[];
  let bound: [string, unknown][];
  let keyed: { scope: KeyScope; body: object; work: KeyedWork<Creation> } | undefined;
  let discarded: string[];
  let creations: Creations;

  beforeEach(() => {
    created = [];
    bound = [];
    discarded = [];
    keyed = undefined;
    const unused = (): never => {
      throw new Error('nobody asks for it');
    };
    creations = new Creations(
      {
        create: (_principal, _runtime, _body, waiting) => {
          created.push(waiting);
          return Promise.resolve({} as Creation);
        },
        check: unused,
        resume: unused,
      },
      {
        run: <T>(scope: KeyScope, body: object, work: KeyedWork<T>) => {
          keyed = { scope, body, work: work as KeyedWork<unknown> as KeyedWork<Creation> };
          return Promise.resolve({} as T);
        },
      },
      { findNewest: unused },
      { discard: (pod) => Promise.resolve(void discarded.push(nameOf(pod))) },
      { bind: (pod, variables) => Promise.resolve(void bound.push([nameOf(pod), variables])) },
    );
  });

  async function workWithKey(): Promise<KeyedWork<Creation>> {
    await creations.create(aPrincipal(), 'kata', BODY, { disconnected }, { route: 'create', key: KEY, request: BODY });
    return keyed!.work;
  }

  it('go straight on without a key', async () => {
    await creations.create(aPrincipal(), 'kata', BODY, { disconnected });
    expect([created, keyed]).toEqual([[{ disconnected }], undefined]);
  });

  it('are known by principal, route, runtime and key where they have one', async () => {
    await workWithKey();
    expect(keyed).toMatchObject({
      scope: { principal: aPrincipal(), route: 'create', runtime: 'kata', key: KEY },
      body: BODY,
    });
    expect(created).toEqual([]);
  });

  it('give a sandbox that was warm its variables again, and none that is not ready before it has them', async () => {
    const { rebind } = await workWithKey();
    const made = aPod({ name: 'made' });
    await rebind(made);
    await rebind(aPod({ name: 'claimed', annotations: { [ANNOTATION.claimId]: 'c' } }));
    expect(bound).toEqual([['claimed', BODY.environmentVariables]]);
  });

  it('take over what becomes ready, and nothing that has ended or is being deleted', async () => {
    const { isAdoptable } = await workWithKey();
    expect([aPod(), aPod({ ready: false }), aPod({ ready: true })].map(isAdoptable)).toEqual([true, true, true]);
    const dead = [aPod({ phase: 'Failed' }), aPod({ ready: true, deletedAt: '2026-01-01T00:00:00Z' })];
    expect(dead.map(isAdoptable)).toEqual([false, false]);
  });

  it('give back what is of no use', async () => {
    const { discard } = await workWithKey();
    await discard(aPod({ name: 'spare' }));
    expect(discarded).toEqual(['spare']);
  });
});
