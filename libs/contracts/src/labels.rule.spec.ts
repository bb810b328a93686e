import { labelKeyViolation, labelValueViolation } from './labels.rule.js';

describe('labelKeyViolation', () => {
  it.each(['team', 'a', 'A.b_c-9', 'example.org/team', 'a-b.example.org/x', 'notk8s.io/x', 'x'.repeat(63)])(
    'has nothing against %s',
    (key) => {
      expect(labelKeyViolation(key)).toBeUndefined();
    },
  );

  it.each([
    ['', 'valid label name'],
    ['-a', 'valid label name'],
    ['a-', 'valid label name'],
    ['a b', 'valid label name'],
    ['a\n', 'valid label name'],
    ['é', 'valid label name'],
    ['x'.repeat(64), 'valid label name'],
    ['example.org/', 'valid label name'],
    ['a/b/c', 'valid label name'],
    ['/a', 'DNS domain'],
    ['Example.org/a', 'DNS domain'],
    ['exam_ple.org/a', 'DNS domain'],
    ['.org/a', 'DNS domain'],
    [`${'a.'.repeat(130)}a/x`, 'DNS domain'],
    ['app', 'reserved'],
    ['runtime', 'reserved'],
    ['warmbox.dev/pool', 'reserved domain'],
    ['x.warmbox.dev/y', 'reserved domain'],
    ['kubernetes.io/x', 'reserved domain'],
    ['app.kubernetes.io/managed-by', 'reserved domain'],
    ['k8s.io/x', 'reserved domain'],
  ])('refuses %j: %s', (key, why) => {
    expect(labelKeyViolation(key)).toContain(why);
  });
});

describe('labelValueViolation', () => {
  it.each(['', 'a', 'A.b_c-9', 'x'.repeat(63)])('has nothing against %j', (value) => {
    expect(labelValueViolation(value)).toBeUndefined();
  });

  it.each(['-a', 'a-', 'a b', 'a/b', 'a\n', 'é', 'x'.repeat(64), 1, true, null, undefined, {}, ['a']])(
    'refuses %p',
    (value) => {
      expect(labelValueViolation(value)).toEqual(expect.any(String));
    },
  );
});
