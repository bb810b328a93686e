import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { aPod } from '@warmbox/testing';
import { aPrincipal } from '../http/fixtures/a.principal.js';
import { codeOf, KeyedManagers, nameOf, namesOf, SCOPE } from './fixtures/keyed.managers.js';

describe('a request with an idempotency key', () => {
  let managers: KeyedManagers;
  beforeEach(() => (managers = new KeyedManagers()));
  afterEach(() => managers.expectRest());

  it('costs two writes beside its work: its record, and the sandbox in it', async () => {
    expect(nameOf(await managers.send(0))).toBe('pod-1');
    expect(managers.api.asked).toEqual(['create', 'replace']);
    expect(managers.api.records).toMatchObject([{ pod: 'pod-1', excluded: [] }]);
  });

  it('has one sandbox for 64 who send it at once through three managers, who are all answered with it', async () => {
    const work = Promise.withResolvers<undefined>();
    managers.carryOut = async (number) => {
      await work.promise;
      return managers.give(number);
    };
    const answers = Array.from({ length: 64 }, (_, index) => managers.send(index % 3));
    await managers.clock.advance(1_500);
    work.resolve(undefined);
    await managers.clock.advance(1_000);
    expect(await namesOf(answers)).toEqual(new Set(['pod-1']));
    expect(managers.begun).toHaveLength(1);
    expect(managers.api.asked.filter((verb) => verb === 'create')).toHaveLength(3);
  });

  it('has the same sandbox through any manager afterwards', async () => {
    await managers.send(0);
    expect(await namesOf([managers.send(0), managers.send(1), managers.send(2)])).toEqual(new Set(['pod-1']));
    expect([managers.begun.length, managers.resumed]).toEqual([1, ['pod-1', 'pod-1', 'pod-1']]);
  });

  it('is another one with another body, while it is being worked at and afterwards', async () => {
    const reused = { code: 'idempotency_key_reused' };
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = () => work.promise;
    const first = managers.send(0, { userId: 'ada' });
    await managers.clock.advance(0);
    await expect(managers.send(0, { userId: 'bob' })).rejects.toMatchObject(reused);
    await expect(managers.send(1, { userId: 'bob' })).rejects.toMatchObject(reused);
    work.resolve(managers.give(1));
    await first;
    await expect(managers.send(1, { userId: 'bob' })).rejects.toMatchObject(reused);
    await expect(managers.send(2, { userId: 'ada' })).resolves.toMatchObject({ metadata: { name: 'pod-1' } });
  });

  it.each([
    ['principal', { principal: aPrincipal({ id: 'ci' }) }],
    ['tenant', { principal: aPrincipal({ tenant: 'search' }) }],
    ['route', { route: 'create' }],
    ['runtime', { runtime: 'gvisor' }],
    ['key', { key: 'k-2' }],
  ])('is another one of another %s', async (_, other) => {
    await managers.send(0);
    expect(nameOf(await managers.send(0, {}, undefined, { ...SCOPE, ...other }))).toBe('pod-2');
  });

  it('begins anew after a refusal, with the same body or another', async () => {
    managers.carryOut = () => Promise.reject(new ProblemError('pool_empty', 'none'));
    await expect(managers.send(0, { userId: 'ada' })).rejects.toMatchObject({ code: 'pool_empty' });
    expect(managers.api.records).toEqual([]);
    managers.carryOut = (number) => Promise.resolve(managers.give(number));
    expect(nameOf(await managers.send(1, { userId: 'bob' }))).toBe('pod-2');
  });

  it('tells all who wait at one manager of a refusal, and lets those at another begin', async () => {
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = (number) => (number === 1 ? work.promise : Promise.resolve(managers.give(number)));
    const refused = Promise.allSettled([managers.send(0), managers.send(0)]);
    const other = managers.send(1);
    await managers.clock.advance(100);
    work.reject(new ProblemError('limit_reached', 'full'));
    await managers.clock.advance(2_000);
    expect((await refused).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(nameOf(await other)).toBe('pod-2');
  });

  it('says that its sandbox is gone, and never gets a second one', async () => {
    await managers.send(0);
    managers.pods.clear();
    await expect(managers.send(0)).rejects.toMatchObject({ code: 'sandbox_gone' });
    await managers.clock.advance(3_600_000);
    await expect(managers.send(1)).rejects.toMatchObject({ code: 'sandbox_gone' });
    managers.pods.set('pod-1', aPod({ name: 'pod-1', ready: true, deletedAt: '2026-01-01T00:00:00Z' }));
    await expect(managers.send(1)).rejects.toMatchObject({ code: 'sandbox_gone' });
    expect(managers.begun).toHaveLength(1);
  });

  it('ends where all who sent it have left, and not before', async () => {
    managers.carryOut = (_, __, disconnected) =>
      new Promise((_resolve, reject) =>
        disconnected.addEventListener('abort', () => reject(disconnected.reason as Error)),
      );
    const [one, other] = [new AbortController(), new AbortController()];
    const answers = Promise.allSettled([managers.send(0, {}, one.signal), managers.send(0, {}, other.signal)]);
    await managers.clock.advance(0);
    one.abort();
    await managers.clock.advance(1_000);
    expect(managers.api.records).toHaveLength(1);
    other.abort();
    await answers;
    expect(managers.api.records).toEqual([]);
  });

  it.each([{}, { userId: 'bob' }])('begins anew for one who sends it while it ends, with the body %o', async (body) => {
    const ending = Promise.withResolvers<Pod>();
    managers.carryOut = (number) => (number === 1 ? ending.promise : Promise.resolve(managers.give(number)));
    const leaving = new AbortController();
    const left = managers.send(0, {}, leaving.signal).catch(codeOf);
    await managers.clock.advance(0);
    leaving.abort();
    const retries = [managers.send(0, body), managers.send(0, body)];
    await managers.clock.advance(0);
    expect(managers.begun).toHaveLength(1);
    ending.reject(new ProblemError('conflict', 'Nobody waits.'));
    await managers.clock.advance(1_000);
    expect(await left).toBe('conflict');
    expect(await namesOf(retries)).toEqual(new Set(['pod-2']));
    expect(managers.begun).toHaveLength(2);
  });

  it('has the sandbox that it got while all who had sent it left', async () => {
    const ending = Promise.withResolvers<Pod>();
    managers.carryOut = () => ending.promise;
    const leaving = new AbortController();
    void managers.send(0, {}, leaving.signal);
    await managers.clock.advance(0);
    leaving.abort();
    const retry = managers.send(0);
    ending.resolve(managers.give(1));
    await managers.clock.advance(0);
    expect(nameOf(await retry)).toBe('pod-1');
    expect(managers.begun).toHaveLength(1);
  });

  it('ends where its manager does, and goes on through another at once', async () => {
    managers.carryOut = (_, __, disconnected) =>
      new Promise((_resolve, reject) =>
        disconnected.addEventListener('abort', () => reject(disconnected.reason as Error)),
      );
    const first = managers.send(0);
    first.catch(() => undefined);
    await managers.clock.advance(0);
    void managers.stop(0);
    await managers.clock.advance(0);
    await expect(first).rejects.toMatchObject({ code: 'shutting_down' });
    managers.carryOut = (number) => Promise.resolve(managers.give(number));
    expect(nameOf(await managers.send(1))).toBe('pod-2');
  });

  it('waits for an attempt that goes on for long, and tells in the end that it does', async () => {
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = () => work.promise;
    const first = managers.send(0);
    const retry = managers.send(1).then(nameOf, codeOf);
    await managers.clock.advance(89_000);
    const patient = managers.send(2);
    await managers.clock.advance(3_000);
    expect(await retry).toBe('conflict');
    work.resolve(managers.give(1));
    await managers.clock.advance(2_000);
    expect(await namesOf([first, patient])).toEqual(new Set(['pod-1']));
    expect(managers.begun).toHaveLength(1);
  });
});
