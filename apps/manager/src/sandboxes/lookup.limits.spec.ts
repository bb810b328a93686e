import { FakeClock } from '@warmbox/testing';
import { LookupLimits } from './lookup.limits.js';

function exhaust(limits: LookupLimits, tenant: string): void {
  for (let misses = 0; misses < 400; misses += 1) limits.of(tenant).missed({});
}

describe('the limits of lookups', () => {
  it('are each tenant’s own', () => {
    const limits = new LookupLimits(new FakeClock());
    exhaust(limits, 'a');
    expect(() => limits.of('a').check()).toThrow('names that do not exist');
    expect(() => limits.of('b').check()).not.toThrow();
  });

  it('are remembered of so many tenants, those that ask', () => {
    const limits = new LookupLimits(new FakeClock());
    exhaust(limits, 'a');
    exhaust(limits, 'b');
    for (let tenant = 0; tenant < 999; tenant += 1) {
      limits.of('a');
      limits.of(String(tenant));
    }
    expect(limits.size).toBe(1_000);
    expect(() => limits.of('a').check()).toThrow('names that do not exist');
    expect(() => limits.of('b').check()).not.toThrow();
  });
});
