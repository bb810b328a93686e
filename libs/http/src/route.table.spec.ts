import { RouteTable } from './route.table.js';

const table = new RouteTable();
table.add('GET', '/');
table.add(['GET', 'HEAD'], '/api/:runtime');
table.add('POST', '/api/:runtime');
table.add('GET', '/api/docs');
table.add('GET', '/files/*');

describe('the table of routes', () => {
  it.each([
    ['/', ['GET']],
    ['/api/kata', ['GET', 'HEAD', 'POST']],
    ['/api/kata/', ['GET', 'HEAD', 'POST']],
    ['/api/docs', ['GET']],
    ['/files/a/b', ['GET']],
    ['/files', []],
    ['/api', []],
    ['/api//', []],
    ['/api/kata/x', []],
  ])('knows which methods %s has', (path, methods) => {
    expect(table.methodsAt(path)).toEqual(methods);
  });

  it('tells a missing path, method and representation apart', () => {
    expect(table.problemOf('GET', '/nothing?a=/api/kata')).toMatchObject({ code: 'route_not_found' });
    expect(table.problemOf('DELETE', '/api/kata?a=b')).toMatchObject({
      code: 'method_not_allowed',
      headers: { allow: 'GET, HEAD, POST' },
    });
    expect(table.problemOf('POST', '/api/kata')).toMatchObject({ code: 'not_acceptable' });
  });

  it('takes a target in absolute form for its path', () => {
    expect(table.problemOf('PUT', 'http://a.example/api/kata')).toMatchObject({ code: 'method_not_allowed' });
    expect(table.problemOf('PUT', 'http://a.example')).toMatchObject({ code: 'method_not_allowed' });
  });

  it('does not repeat an endless path', () => {
    expect(table.problemOf('GET', `/${'x'.repeat(10_000)}`).detail.length).toBeLessThan(300);
  });
});
