import 'reflect-metadata';
import { validateSync } from 'class-validator';
import { IsLabels } from './is.labels.js';

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
