import { keyValuesOf } from './key.values.js';

describe('a list of names with values', () => {
  it.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['api-key=a%20b%2Cc, x-team = one ,', { 'api-key': 'a b,c', 'x-team': 'one' }],
    ['a=', { a: '' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1,a=2', { a: '2' }],
  ])('says in %j what it says', (text, values) => {
    expect(keyValuesOf(text)).toEqual(values);
  });

  it.each(['a', '=1', 'a b=1', 'a=%', 'a=%0A', 'a=%C3%A9', 'ä=1'])('is none where it is %j', (text) => {
    expect(keyValuesOf(text)).toBeUndefined();
  });
});
