import { ENVIRONMENT_MAX_BYTES, environmentViolation } from './environment.rule.js';

describe('environmentViolation', () => {
  it.each([
    {},
    { GREETING: 'hello' },
    { _A: '', 'a.b-c': 'x', PATH: '/bin:$HOME' },
    { LINES: 'a\nb\tc' },
    { EMOJI: '🦊' },
  ])('has nothing against %j', (value) => {
    expect(environmentViolation(value)).toBeUndefined();
  });

  it.each([
    [null, 'must be an object'],
    ['A=b', 'must be an object'],
    [['A=b'], 'must be an object'],
    [{ '1A': 'x' }, 'has the name "1A"'],
    [{ '': 'x' }, 'has the name ""'],
    [{ 'A B': 'x' }, 'has the name "A B"'],
    [{ 'A=B': 'x' }, 'has the name "A=B"'],
    [{ 'A\n': 'x' }, 'has the name'],
    [{ Ä: 'x' }, 'has the name'],
    [{ A: 1 }, 'has a value that is not a string: A'],
    [{ A: null }, 'has a value that is not a string: A'],
    [{ A: 'x\0y' }, 'has a value with a NUL character: A'],
  ])('refuses %j: %s', (value, why) => {
    expect(environmentViolation(value)).toContain(why);
  });

  it('counts bytes of JSON in UTF-8, not characters', () => {
    const overhead = JSON.stringify({ A: '' }).length;
    expect(environmentViolation({ A: 'x'.repeat(ENVIRONMENT_MAX_BYTES - overhead) })).toBeUndefined();
    expect(environmentViolation({ A: 'x'.repeat(ENVIRONMENT_MAX_BYTES - overhead + 1) })).toContain('65536 bytes');
    expect(environmentViolation({ A: 'é'.repeat(ENVIRONMENT_MAX_BYTES / 2) })).toContain('65536 bytes');
  });
});
