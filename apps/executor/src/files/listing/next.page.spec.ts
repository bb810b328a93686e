import { linkToNext } from './next.page.js';

describe('the link to the next page', () => {
  it.each([
    ['/api/files/entries', '<?cursor=abc>; rel="next"'],
    ['/api/files/entries?', '<?cursor=abc>; rel="next"'],
    ['/x?path=%FF+a&limit=2', '<?path=%FF+a&limit=2&cursor=abc>; rel="next"'],
    ['/x?cursor=old&path=a', '<?path=a&cursor=abc>; rel="next"'],
    ['/x?path=a>b"c<', '<?path=a%3Eb%22c%3C&cursor=abc>; rel="next"'],
  ])('of %s is relative', (url, link) => {
    expect(linkToNext(url, 'abc')).toBe(link);
  });
});
