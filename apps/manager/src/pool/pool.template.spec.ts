import { decodeDesired, encodeDesired, standingOf, templateOfAll } from './pool.template.js';

const T = Date.UTC(2026, 0, 1);

describe('the hash of all pools', () => {
  it('changes with each template and size, with their number and with the limit, not with their order', () => {
    const a = { name: 'a', size: 1, template: '1' };
    const b = { name: 'b', size: 1, template: '2' };
    expect(templateOfAll([a, b], 50)).toBe(templateOfAll([b, a], 50));
    const others = [
      templateOfAll([a, b], 50),
      templateOfAll([a], 50),
      templateOfAll([a, { ...b, template: '3' }], 50),
      templateOfAll([a, { ...b, size: 2 }], 50),
      templateOfAll([a, b], 51),
    ];
    expect(new Set(others).size).toBe(others.length);
  });
});

describe('a manager', () => {
  it.each([
    ['stands as good as any where nothing is desired yet', undefined, T, 'same'],
    ['stands as good as any with the desired template', { template: 'own', firstSeen: T + 1 }, T, 'same'],
    ['is newer when it started after another template was first seen', { template: 'x', firstSeen: T - 1 }, T, 'newer'],
    ['is older when it ran already then', { template: 'x', firstSeen: T + 1 }, T, 'older'],
    [
      'is older when it started at that very moment, or two would replace each other',
      { template: 'x', firstSeen: T },
      T,
      'older',
    ],
  ] as const)('%s', (_what, desired, startedAt, expected) => {
    expect(standingOf(desired, 'own', startedAt)).toBe(expected);
  });
});

describe('the desired template', () => {
  it('is read as it was written', () => {
    const desired = { template: 'a1b2', firstSeen: T + 123 };
    expect(decodeDesired(encodeDesired(desired))).toEqual(desired);
  });

  it.each([
    undefined,
    '',
    'no JSON',
    'null',
    '{}',
    '{"template":"a"}',
    '{"template":1,"firstSeen":"2026-01-01T00:00:00Z"}',
    '{"template":"a","firstSeen":"x"}',
  ])('is none where nothing can be made of %j', (text) => expect(decodeDesired(text)).toBeUndefined());
});
