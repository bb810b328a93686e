import { cursorOf, placeOfCursor } from './page.cursor.js';

describe('a cursor', () => {
  it.each([[['a']], [['a', '\xff\x80', ' b/'.trim().slice(0, 1)]], [['x'.repeat(255), 'ü']]])(
    'names a place: %j',
    (place) => {
      expect(placeOfCursor(cursorOf(place))).toEqual(place);
    },
  );

  it.each([
    ['', 'nothing'],
    ['a b', 'no base64'],
    [cursorOf(['a', '..', 'b']), 'a way up'],
    [cursorOf(['', 'etc']), 'an absolute path'],
    [cursorOf(['a\0']), 'a NUL'],
  ])('%s is none: %s', (cursor) => {
    expect(placeOfCursor(cursor)).toBeUndefined();
  });
});
