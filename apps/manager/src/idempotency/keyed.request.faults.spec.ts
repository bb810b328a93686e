import { ProblemError } from '@warmbox/platform';
import type { Pod } from '@warmbox/sandbox';
import { codeOf, KeyedManagers, nameOf } from './fixtures/keyed.managers.js';

describe('a request with an idempotency key where the API server fails', () => {
  let managers: KeyedManagers;
  beforeEach(() => (managers = new KeyedManagers()));
  afterEach(() => managers.expectRest());

  it.each([true, false])('makes one record although the answer was lost (carried out: %s)', async (isDone) => {
    managers.api.fail('create', { isDone });
    const answer = managers.send(0);
    await managers.clock.advance(2_000);
    expect(nameOf(await answer)).toBe('pod-1');
    expect([managers.begun.length, managers.api.records.length]).toEqual([1, 1]);
  });

  it('does not wait for itself where its record arrives late', async () => {
    managers.api.fail('create');
    const answer = managers.send(0);
    await managers.clock.advance(0);
    managers.api.arrive();
    await managers.clock.advance(2_000);
    expect(nameOf(await answer)).toBe('pod-1');
    expect([managers.begun.length, managers.api.records.length]).toEqual([1, 1]);
  });

  it.each([true, false])('goes on where it cannot see what it has written (carried out: %s)', async (isDone) => {
    managers.api.fail('create', { isDone });
    managers.api.fail('get', { times: 4 });
    const answer = managers.send(0);
    await managers.clock.advance(5_000);
    expect(nameOf(await answer)).toBe('pod-1');
    expect([managers.begun.length, managers.api.records.length]).toEqual([1, 1]);
  });

  it('says in the end that it cannot see what it has written', async () => {
    managers.api.fail('create', { times: 99 });
    managers.api.fail('get', { times: 99 });
    const answer = managers.send(0).catch(codeOf);
    await managers.clock.advance(20_000);
    expect(await answer).toBe('kubernetes_unavailable');
    expect(managers.begun).toEqual([]);
  });

  it('leaves no record of a refusal although the answer to a renewal was lost', async () => {
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = () => work.promise;
    const refused = managers.send(0).catch(codeOf);
    await managers.clock.advance(9_000);
    managers.api.fail('replace', { isDone: true });
    managers.api.fail('get', { times: 4 });
    await managers.clock.advance(6_000);
    work.reject(new ProblemError('pool_empty', 'none'));
    await managers.clock.advance(1_000);
    expect(await refused).toBe('pool_empty');
    expect(managers.api.records).toEqual([]);
  });

  it('ends for good although it is refused while it renews its record', async () => {
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = () => work.promise;
    const refused = managers.send(0).catch(codeOf);
    managers.api.fail('replace', { times: 3 });
    await managers.clock.advance(10_010);
    work.reject(new ProblemError('pool_empty', 'none'));
    await managers.clock.advance(5_000);
    expect(await refused).toBe('pool_empty');
    expect(managers.api.records).toEqual([]);
  });

  it('leaves a record that is another’s by now alone after a refusal', async () => {
    const work = Promise.withResolvers<Pod>();
    managers.carryOut = () => work.promise;
    const refused = managers.send(0).catch(codeOf);
    await managers.clock.advance(0);
    managers.api.change({ attempt: 'another' });
    work.reject(new ProblemError('pool_empty', 'none'));
    await managers.clock.advance(1_000);
    expect(await refused).toBe('pool_empty');
    expect(managers.api.records).toMatchObject([{ attempt: 'another' }]);
  });

  it('tries again where the record meets others that write one quota', async () => {
    managers.api.fail('create', { isContended: true, times: 3 });
    const answer = managers.send(0);
    await managers.clock.advance(2_000);
    expect(nameOf(await answer)).toBe('pod-1');
    expect([managers.begun.length, managers.api.records.length]).toEqual([1, 1]);
  });

  it.each([true, false])('settles although the answer was lost (carried out: %s)', async (isDone) => {
    managers.api.fail('replace', { isDone });
    const answer = managers.send(0);
    await managers.clock.advance(2_000);
    expect(nameOf(await answer)).toBe('pod-1');
    expect(managers.api.records).toMatchObject([{ pod: 'pod-1' }]);
    expect(managers.discarded).toEqual([]);
  });

  it('refuses rather than forget a sandbox that it could not write down, and a retry has it', async () => {
    managers.api.fail('replace', { times: 9 });
    const answer = managers.send(0).catch(codeOf);
    await managers.clock.advance(10_000);
    expect(await answer).toBe('kubernetes_unavailable');
    expect(managers.discarded).toEqual([]);
    managers.api.heal();
    const retry = managers.send(1);
    await managers.clock.advance(4_000);
    expect(nameOf(await retry)).toBe('pod-1');
    expect(managers.begun).toHaveLength(1);
  });

  it('keeps the record of an attempt of which it is not known whether it has a sandbox', async () => {
    managers.carryOut = (number, attempt) => {
      managers.give(number);
      attempt.leaveForRetry();
      return Promise.reject(new ProblemError('kubernetes_unavailable', 'no answer'));
    };
    await expect(managers.send(0)).rejects.toMatchObject({ code: 'kubernetes_unavailable' });
    const retry = managers.send(1);
    await managers.clock.advance(4_000);
    expect(nameOf(await retry)).toBe('pod-1');
  });
});
