import { hashOfBody, idempotencyKeyOf } from './idempotency.key.js';

const withKeys = (...keys: string[]): Parameters<typeof idempotencyKeyOf>[0] => ({
  raw: {
    headers: keys.length === 0 ? {} : { 'idempotency-key': keys.join(', ') },
    headersDistinct: keys.length === 0 ? {} : { 'idempotency-key': keys },
  },
});

describe('the header Idempotency-Key', () => {
  it.each(['x', '3e1c3a4e-6a3b-4b0e-9d5f-2f1f0a8a7c11', '"quoted", and ~ spaced', 'k'.repeat(256)])(
    'is taken as it is: %s',
    (key) => expect(idempotencyKeyOf(withKeys(key))).toBe(key),
  );

  it('may be absent', () => expect(idempotencyKeyOf(withKeys())).toBeUndefined());

  it.each([
    ['is empty', ['']],
    ['is too long', ['k'.repeat(257)]],
    ['is not ASCII', ['schlüssel']],
    ['has a control character', ['a\tb']],
    ['is given twice', ['a', 'b']],
    ['is given twice with one value', ['a', 'a']],
  ])('is refused by its name where it %s', (_, keys) => {
    const errors = [{ pointer: 'Idempotency-Key', detail: expect.stringContaining('Idempotency-Key') as unknown }];
    expect(() => idempotencyKeyOf(withKeys(...keys))).toThrow(
      expect.objectContaining({ code: 'invalid_request', errors }) as Error,
    );
  });
});

describe('the hash of a body', () => {
  it('is that of what is asked for, in whatever order, and absent fields count for nothing', () => {
    const one = { userId: 'ada', labels: { b: '1', a: '2', 10: 'x', 9: 'y' }, waitSeconds: undefined };
    const other = { labels: { 9: 'y', a: '2', 10: 'x', b: '1' }, userId: 'ada' };
    expect(hashOfBody(one)).toBe(hashOfBody(other));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: 1 }, { b: 1 }],
    [{}, { a: 1 }],
    [{ a: { b: 'c' } }, { a: [['b', 'c']] }],
    [{ a: [1, 2] }, { a: [2, 1] }],
  ])('is not the same for %j and %j', (one, other) => expect(hashOfBody(one)).not.toBe(hashOfBody(other)));
});
