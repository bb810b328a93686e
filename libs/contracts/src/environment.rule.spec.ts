import { ENVIRONMENT_MAX_BYTES, environmentViolations } from './environment.rule.js';

describe('environmentViolations', () => {
  it.each([
    {},
    { GREETING: 'hello' },
    { _A: '', 'a.b-c': 'x', PATH: '/bin:$HOME' },
    { LINES: 'a\nb\tc' },
    { EMOJI: '🦊' },
  ])('has nothing against %j', (value) => {
    expect(environmentViolations(value)).toEqual([]);
  });

  it.each([[null], ['A=b'], [['A=b']]])('refuses %j, which is no object', (value) => {
    expect(environmentViolations(value)).toEqual([{ detail: 'must be an object of strings' }]);
  });

  it.each(['1A', '', 'A B', 'A=B', 'A\n', 'Ä'])('refuses the name %j', (key) => {
    expect(environmentViolations({ [key]: 'x' })).toEqual([
      { key, detail: expect.stringMatching(/^the name must consist of/) as string },
    ]);
  });

  it.each([
    [{ A: 1 }, 'the value must be a string'],
    [{ A: null }, 'the value must be a string'],
    [{ A: 'x\0y' }, 'the value must not have NUL characters'],
  ])('refuses %j: %s', (value, detail) => {
    expect(environmentViolations(value)).toEqual([{ key: 'A', detail }]);
  });

  it('lists every entry that is wrong', () => {
    expect(environmentViolations({ A: 1, B: 'fine', '3': 'x' }).map(({ key }) => key)).toEqual(['3', 'A']);
  });

  it('counts bytes of JSON in UTF-8, not characters', () => {
    const overhead = JSON.stringify({ A: '' }).length;
    expect(environmentViolations({ A: 'x'.repeat(ENVIRONMENT_MAX_BYTES - overhead) })).toEqual([]);
    const tooLarge = [{ detail: 'must not take more than 65536 bytes as JSON' }];
    expect(environmentViolations({ A: 'x'.repeat(ENVIRONMENT_MAX_BYTES - overhead + 1) })).toEqual(tooLarge);
    expect(environmentViolations({ A: 'é'.repeat(ENVIRONMENT_MAX_BYTES / 2) })).toEqual(tooLarge);
  });
});
