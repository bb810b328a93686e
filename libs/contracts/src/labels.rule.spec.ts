import 'reflect-metadata';
import { validateSync } from 'class-validator';
import { IsLabels, labelKeyViolation, labelValueViolation } from './labels.rule.js';

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

describe('IsLabels', () => {
  class Create {
    @IsLabels()
    labels: unknown;
  }
  class Update {
    @IsLabels({ nullRemoves: true })
    labels: unknown;
  }
  const messages = (type: typeof Create, labels: unknown): string[] =>
    validateSync(Object.assign(new type(), { labels })).flatMap(({ constraints }) => Object.values(constraints ?? {}));
  const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 'v']));

  it('takes up to 32 labels', () => {
    expect(messages(Create, {})).toEqual([]);
    expect(messages(Create, many(32))).toEqual([]);
    expect(messages(Create, many(33))).toEqual(['labels must not have more than 32 labels']);
  });

  it.each([null, 'a', 1, ['a']])('refuses %p as a whole', (value) => {
    expect(messages(Create, value)).toEqual(['labels must be an object of strings']);
  });

  it('names the key that is at fault', () => {
    expect(messages(Create, { team: 'ok', app: 'x' })).toEqual(['labels has an entry "app": the key is reserved']);
    expect(messages(Create, { team: 'not ok' })[0]).toContain('entry "team": the value');
  });

  it('takes a null for a removal only where labels are updated', () => {
    expect(messages(Create, { team: null })).toHaveLength(1);
    expect(messages(Update, { team: null, other: 'a' })).toEqual([]);
    expect(messages(Update, { app: null })).toHaveLength(1);
  });

  it('takes names that every object inherits for names like any other', () => {
    expect(messages(Create, { constructor: 'a', toString: 'b' })).toEqual([]);
    expect(messages(Create, JSON.parse('{"__proto__": "a"}'))).toHaveLength(1);
  });
});
