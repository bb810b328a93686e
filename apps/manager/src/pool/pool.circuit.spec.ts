import { allowance, decodeCircuits, encodeCircuits, tripped, untilRetry, type Circuit } from './pool.circuit.js';

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
