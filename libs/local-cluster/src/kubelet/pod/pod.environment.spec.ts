import { environmentOf } from './pod.environment.js';

describe('environmentOf', () => {
  it.each([
    ['keeps plain text', [['A', 'text']], { A: 'text' }],
    [
      'expands a variable that stands before',
      [
        ['A', 'x'],
        ['B', '$(A)y'],
      ],
      { A: 'x', B: 'xy' },
    ],
    [
      'leaves a reference to a later variable as it is',
      [
        ['B', '$(A)'],
        ['A', 'x'],
      ],
      { A: 'x', B: '$(A)' },
    ],
    ['leaves a reference to itself as it is', [['A', '$(A)']], { A: '$(A)' }],
    ['leaves a reference to nothing as it is', [['A', '$(MISSING)']], { A: '$(MISSING)' }],
    ['takes two dollars for one', [['A', 'a$$b']], { A: 'a$b' }],
    [
      'does not expand a doubled reference',
      [
        ['A', 'x'],
        ['B', '$$(A)'],
      ],
      { A: 'x', B: '$(A)' },
    ],
    [
      'expands after a doubled dollar',
      [
        ['A', 'x'],
        ['B', '$$$(A)'],
      ],
      { A: 'x', B: '$x' },
    ],
    [
      'halves four dollars',
      [
        ['A', 'x'],
        ['B', '$$$$(A)'],
      ],
      { A: 'x', B: '$$(A)' },
    ],
    ['keeps a dollar before anything else', [['A', '$x $ $']], { A: '$x $ $' }],
    ['keeps a reference that is not closed', [['A', '$(A $$']], { A: '$(A $' }],
    ['keeps empty and odd references', [['A', '$() $(A $ $)']], { A: '$() $(A $ $)' }],
    [
      'does not expand what it expanded',
      [
        ['A', '$$(B)'],
        ['B', 'x'],
        ['C', '$(A)'],
      ],
      { A: '$(B)', B: 'x', C: '$(B)' },
    ],
    [
      'expands names with dots and dashes',
      [
        ['D.E-F', 'x'],
        ['G', '$(D.E-F)'],
      ],
      { 'D.E-F': 'x', G: 'x' },
    ],
    [
      'lets the later of two hold, which may use the first',
      [
        ['A', 'x'],
        ['A', 'y$(A)'],
      ],
      { A: 'yx' },
    ],
  ] as [string, [string, string][], Record<string, string>][])('%s', (_, variables, expected) => {
    const env = variables.map(([name, value]) => ({ name, value }));
    expect(environmentOf({ name: 'executor', env })).toEqual(expected);
  });

  it('gives a variable without a value the empty text', () => {
    expect(environmentOf({ name: 'executor', env: [{ name: 'A' }] })).toEqual({ A: '' });
  });
});
