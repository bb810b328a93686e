import { aPrincipal } from '../http/fixtures/a.principal.js';
import type { Principal } from '../http/principal.js';
import { hashOfScope } from './idempotency.key.js';

describe('the hash of a request', () => {
  const scope = { principal: aPrincipal(), route: 'create', runtime: 'kata', key: 'k' };

  it('is a label’s value, and part of a name', () => expect(hashOfScope(scope)).toMatch(/^[0-9a-f]{32}$/));

  it('is of who asks, and not of what that one may do today, or how it says who it is', () => {
    const hashOf = (facts: Partial<Principal>): string => hashOfScope({ ...scope, principal: aPrincipal(facts) });
    expect(hashOf({ scopes: ['create'] })).toBe(hashOf({}));
    expect(hashOf({ id: 'ci' })).not.toBe(hashOf({}));
    expect(hashOf({ tenant: 'search' })).not.toBe(hashOf({}));
  });

  it('does not run two parts into one', () => {
    const hashOf = (tenant: string, id: string): string =>
      hashOfScope({ ...scope, principal: aPrincipal({ tenant, id }) });
    expect(hashOf('a', 'bc')).not.toBe(hashOf('ab', 'c'));
    expect(hashOfScope({ ...scope, runtime: 'a', key: 'bk' })).not.toBe(hashOfScope({ ...scope, runtime: 'ab' }));
  });
});
