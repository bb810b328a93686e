import { FakeClock } from '@warmbox/testing';
import { PoolFailures } from './pool.failures.js';

function scene(): { clock: FakeClock; failures: PoolFailures; rounds: () => number | undefined } {
  const clock = new FakeClock();
  const failures = new PoolFailures(new Map(), clock);
  return { clock, failures, rounds: () => failures.circuits.get('kata')?.failures };
}

describe('failures', () => {
  it('of pods that were under way together are one', () => {
    const { failures, rounds } = scene();
    const present = ['a', 'b', 'c'];
    const changes = present.map((uid) => failures.podFailed('kata', 't', uid, present, 'They fail.'));
    expect([rounds(), changes]).toEqual([1, [true, false, false]]);
  });

  it('of a pod that came later are the next', () => {
    const { failures, rounds } = scene();
    failures.podFailed('kata', 't', 'a', ['a'], 'They fail.');
    failures.podFailed('kata', 't', 'b', ['a', 'b'], 'They fail.');
    expect(rounds()).toBe(2);
  });

  it('of creations that were sent together are one', async () => {
    const { clock, failures, rounds } = scene();
    for (let n = 0; n < 5; n += 1) failures.refused('kata', 't', clock.monotonic() - 10, [], 'They are refused.');
    expect(rounds()).toBe(1);
    await clock.advance(5_000);
    failures.refused('kata', 't', clock.monotonic(), [], 'They are refused.');
    expect(rounds()).toBe(2);
  });

  it('of one runtime are not another’s', () => {
    const { failures } = scene();
    failures.podFailed('kata', 't', 'a', [], 'They fail.');
    expect([...failures.circuits.keys()]).toEqual(['kata']);
  });

  it('go on from what the leader before has published', () => {
    const before = new Map([['kata', { template: 't', failures: 6, reason: 'They fail.', retryAt: 0 }]]);
    const failures = new PoolFailures(before, new FakeClock());
    failures.podFailed('kata', 't', 'a', ['a'], 'They fail.');
    expect(failures.circuits.get('kata')?.failures).toBe(7);
    expect(before.get('kata')?.failures).toBe(6);
  });

  it('are over with a success', () => {
    const { failures } = scene();
    failures.podFailed('kata', 't', 'a', ['a'], 'They fail.');
    expect([failures.succeeded('gvisor'), failures.succeeded('kata'), failures.succeeded('kata')]).toEqual([
      false,
      true,
      false,
    ]);
    expect(failures.circuits.size).toBe(0);
  });

  it('of another template or of a runtime that is gone are forgotten', () => {
    const circuit = { template: 't', failures: 1, reason: '', retryAt: 0 };
    const failures = new PoolFailures(
      new Map([
        ['kata', circuit],
        ['gvisor', circuit],
        ['gone', circuit],
      ]),
      new FakeClock(),
    );
    const targets = [
      { name: 'kata', template: 't' },
      { name: 'gvisor', template: 'u' },
    ];
    expect([failures.retain(targets), failures.retain(targets)]).toEqual([true, false]);
    expect([...failures.circuits.keys()]).toEqual(['kata']);
  });
});
