import { loggedTarget } from './logged.target.js';

describe('the target of a request in the log', () => {
  it.each([
    ['/api/kata', '/api/kata'],
    ['/api/kata?', '/api/kata?…'],
    ['/api/kata?userId=ada@example.org&label=a%3Db&label=c%3Dd&limit=5', '/api/kata?userId&label&limit'],
    ['/api/kata?s3cret', '/api/kata?…'],
    ['/api/kata?s3cret%20key=a&status=b=c', '/api/kata?…&status'],
    [`/api/kata?${'k'.repeat(33)}=1`, '/api/kata?…'],
    ['/a?b=1?c=2', '/a?b'],
    [`/${'x'.repeat(1_000)}`, `/${'x'.repeat(499)}…`],
    [
      `/a?${Array.from({ length: 20 }, (_, index) => `p${index}=s3cret`).join('&')}`,
      '/a?p0&p1&p2&p3&p4&p5&p6&p7&p8&p9&…',
    ],
  ])('of %.60s is %.60s', (target, logged) => {
    expect(loggedTarget(target)).toBe(logged);
  });
});
