import { FakeClock } from '@warmbox/testing';
import {
  allowance,
  decodeCircuits,
  encodeCircuits,
  PoolFailures,
  tripped,
  untilRetry,
  type Circuit,
} from './pool.circuit.js';

const NOW = Date.UTC(2026, 0, 1);

describe('a circuit', () => {
  it('pauses twice as long after each round of failures, and five minutes at the most', () => {
    const pauses: number[] = [];
    let circuit: Circuit | undefined;
    for (let round = 0; round < 10; round += 1) {
      circuit = tripped(circuit, 'a', 'It fails.', NOW);
      pauses.push((circuit.retryAt - NOW) / 1000);
    }
    expect(pauses).toEqual([5, 10, 20, 40, 80, 160, 300, 300, 300, 300]);
  });

  it('begins anew with another template', () => {
    const before = tripped(tripped(undefined, 'a', 'It fails.', NOW), 'a', 'It fails.', NOW);
    expect(tripped(before, 'b', 'It fails.', NOW)).toMatchObject({ template: 'b', failures: 1 });
  });

  it('keeps of a long reason what fits into a status', () => {
    expect(tripped(undefined, 'a', 'x'.repeat(10_000), NOW).reason).toHaveLength(300);
  });

  it('lets any number pass while it is closed, or of another template', () => {
    expect(allowance(undefined, 'a', 100, NOW)).toBe(Infinity);
    expect(allowance(tripped(undefined, 'b', '', NOW), 'a', 100, NOW)).toBe(Infinity);
  });

  it('lets nothing pass before its time, and then one at a time', () => {
    const circuit = tripped(undefined, 'a', '', NOW);
    expect(allowance(circuit, 'a', 0, NOW + 4_999)).toBe(0);
    expect(allowance(circuit, 'a', 0, NOW + 5_000)).toBe(1);
    expect(allowance(circuit, 'a', 1, NOW + 5_000)).toBe(0);
  });

  it('does not wait for ever when the clock was put back', () => {
    expect(untilRetry(tripped(undefined, 'a', '', NOW), NOW - 86_400_000)).toBe(0);
  });
});

describe('published circuits', () => {
  it('are read as they were written', () => {
    const circuits = new Map([
      ['kata', tripped(undefined, 'a', 'It “fails”.', NOW)],
      ['gvisor', tripped(tripped(undefined, 'b', '', NOW), 'b', 'twice', NOW)],
    ]);
    expect(decodeCircuits(encodeCircuits(circuits))).toEqual(circuits);
  });

  it.each([
    undefined,
    '',
    'no JSON',
    'null',
    '[1]',
    '"text"',
    '{"kata":null}',
    '{"kata":{"template":1,"failures":1,"reason":"","retryAt":"2026-01-01T00:00:00Z"}}',
    '{"kata":{"template":"a","failures":0.5,"reason":"","retryAt":"2026-01-01T00:00:00Z"}}',
    '{"kata":{"template":"a","failures":1,"reason":"","retryAt":"soon"}}',
    '{"kata":{"template":"a","failures":1,"retryAt":"2026-01-01T00:00:00Z"}}',
  ])('are closed where nothing can be made of %j', (text) => {
    expect(decodeCircuits(text)).toEqual(new Map());
  });
});

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
