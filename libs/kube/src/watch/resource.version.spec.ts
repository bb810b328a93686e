import { isLater } from './resource.version.js';

describe('isLater', () => {
  it.each([
    ['10', '9', true],
    ['9', '10', false],
    ['10', '10', false],
    ['007', '7', false],
    // Above what a number holds exactly.
    ['9007199254740993', '9007199254740992', true],
    ['1', undefined, true],
    ['0', undefined, false],
    [undefined, '1', false],
    [undefined, undefined, false],
  ])('says of %s and %s: %s', (version, than, expected) => {
    expect(isLater(version, than)).toBe(expected);
  });
});
